import { describe, expect, test } from '@jest/globals';
import { sourceIpPolicy } from '../../../lib/api/callers.ts';
import { routes } from '../../../lib/api/routes.ts';
import { longestAddresses } from '../../../lib/stages/source-ips.ts';
import { readStages } from '../../../lib/stages/stages.ts';
import { environments, resourceOf, rowWithApiKeys, templateOf } from '../../support/templates.ts';

describe.each(environments)('callers of a %s stage with IAM', (environment) => {
  const template = templateOf({ environment, launchLinks: false });

  test('sign their requests and need no API key', () => {
    const method = resourceOf(template, 'AWS::ApiGateway::Method').Properties;
    expect(method).toMatchObject({ AuthorizationType: 'AWS_IAM' });
    expect(method.ApiKeyRequired ?? false).toBe(false);
    template.resourceCountIs('AWS::ApiGateway::ApiKey', 0);
    template.resourceCountIs('AWS::ApiGateway::UsagePlan', 0);
  });
});

describe.each(environments)('callers of a %s stage with API keys', (environment) => {
  const template = templateOf(rowWithApiKeys(environment));

  test('must send one', () => {
    template.hasResourceProperties('AWS::ApiGateway::Method', {
      AuthorizationType: 'NONE',
      ApiKeyRequired: true,
    });
    expect(Object.keys(template.findResources('AWS::IAM::ManagedPolicy')).join()).not.toContain('Callers');
  });

  test.each(['QuickCash', 'Farmers'])('have their own key and a throttled usage plan: %s', (loanApp) => {
    const apiKey = resourceOf(template, 'AWS::ApiGateway::ApiKey', loanApp);
    const usagePlan = resourceOf(template, 'AWS::ApiGateway::UsagePlan', `UsagePlan${loanApp}`);
    const link = resourceOf(template, 'AWS::ApiGateway::UsagePlanKey', loanApp);
    expect(apiKey.Properties).toMatchObject({ Enabled: true });
    expect(apiKey.Properties).not.toHaveProperty('Value');
    expect(usagePlan.Properties).toMatchObject({
      Throttle: { RateLimit: 7, BurstLimit: 8 },
      ApiStages: [{ Stage: { Ref: resourceOf(template, 'AWS::ApiGateway::Stage').logicalId } }],
    });
    expect(link.Properties).toMatchObject({
      KeyId: { Ref: apiKey.logicalId },
      UsagePlanId: { Ref: usagePlan.logicalId },
    });
  });
});

test.each(['iam', 'api-key'])(
  'no resource policy with %s if callers may come from anywhere',
  (callerAuth) => {
    const row = { environment: 'production', callerAuth, allowedSourceIps: ['0.0.0.0/0', '::/0'] };
    expect(readStages({ Demo: row }).map((stage) => sourceIpPolicy(stage, routes))).toEqual([undefined]);
  },
);

test('the resource policy has room for the longest list of addresses and the longest name', () => {
  const name = 'a'.repeat(32);
  const address = (n: number) => `203.${n % 256}.${n >> 8}.113/32`;
  const addresses: string[] = [];
  while (JSON.stringify([...addresses, address(addresses.length)]).length <= longestAddresses)
    addresses.push(address(addresses.length));
  const [stage] = readStages({
    [name]: { environment: 'production', callerAuth: 'api-key', results: true, allowedSourceIps: addresses },
  });
  const policy = stage && sourceIpPolicy(stage, routes);
  // API Gateway completes each path by the ARN of the API.
  const stored = JSON.stringify(policy?.toJSON()).replaceAll(
    'execute-api:/',
    'arn:aws:execute-api:ap-southeast-1:123456789012:a1b2c3d4e5/',
  );
  expect(stored).toContain(addresses.at(-1));
  // "Amazon API Gateway quotas", read November 2026. A few more routes may come.
  expect(stored.length).toBeLessThan(8_192 - 500);
});
