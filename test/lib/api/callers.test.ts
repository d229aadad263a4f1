import { describe, expect, test } from '@jest/globals';
import { environments, resourceOf, templateOf } from '../../support/synthesize.ts';

describe.each(environments)('callers of a %s stage with IAM', (environment) => {
  const template = templateOf({ environment, launchLinks: false });

  test('sign their requests and need no API key', () => {
    const method = resourceOf(template, 'AWS::ApiGateway::Method').Properties;
    expect(method).toMatchObject({ AuthorizationType: 'AWS_IAM' });
    expect(method.ApiKeyRequired ?? false).toBe(false);
    template.resourceCountIs('AWS::ApiGateway::ApiKey', 0);
    template.resourceCountIs('AWS::ApiGateway::UsagePlan', 0);
  });

  test('get a policy for exactly POST /sessions of this stage', () => {
    const { PolicyDocument } = resourceOf(template, 'AWS::IAM::ManagedPolicy', 'Callers').Properties;
    const arn = [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':execute-api:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':',
      { Ref: resourceOf(template, 'AWS::ApiGateway::RestApi').logicalId },
      '/',
      { Ref: resourceOf(template, 'AWS::ApiGateway::Stage').logicalId },
      '/POST/sessions',
    ];
    expect(PolicyDocument).toHaveProperty('Statement', [
      { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: { 'Fn::Join': ['', arn] } },
    ]);
  });
});

describe.each(environments)('callers of a %s stage with API keys', (environment) => {
  const throttle = { rateLimit: 7, burstLimit: 8 };
  const template = templateOf({
    environment,
    callerAuth: 'api-key',
    loanApps: ['quick-cash', 'farmers'],
    throttle,
  });

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

describe('the resource policy', () => {
  const allowedSourceIps = ['203.0.113.0/24', '2001:db8::/32'];
  const onSessions = {
    Principal: { AWS: '*' },
    Action: 'execute-api:Invoke',
    Resource: 'execute-api:/demo/POST/sessions',
  };
  const deny = {
    ...onSessions,
    Effect: 'Deny',
    Condition: { NotIpAddress: { 'aws:SourceIp': allowedSourceIps } },
  };

  function statements(row: Record<string, unknown>): unknown {
    const { Policy } = resourceOf(
      templateOf({ environment: 'test', launchLinks: false, ...row }),
      'AWS::ApiGateway::RestApi',
    ).Properties;
    return Policy === undefined ? 'no policy' : Object(Policy).Statement;
  }

  test.each(['iam', 'api-key'])('is absent with %s if callers may come from anywhere', (callerAuth) => {
    expect(statements({ callerAuth })).toBe('no policy');
  });

  test('only denies with IAM, so that every caller needs their own policy', () => {
    expect(statements({ callerAuth: 'iam', allowedSourceIps })).toEqual([deny]);
  });

  test('allows and denies with API keys, because nothing else allows there', () => {
    const allow = { ...onSessions, Effect: 'Allow' };
    expect(statements({ callerAuth: 'api-key', allowedSourceIps })).toEqual([allow, deny]);
  });

  const links = 'execute-api:/demo/POST/launch-links';
  const pages = ['GET', 'HEAD', 'POST'].map((method) => `execute-api:/demo/${method}/launch/*`);

  test.each([
    ['iam', pages],
    ['api-key', [onSessions.Resource, links, ...pages]],
  ])(
    'with %s, lets applicants open launch links from anywhere, and only loan apps make them',
    (callerAuth, allowed) => {
      expect(statements({ callerAuth, allowedSourceIps, launchLinks: true })).toEqual([
        { ...onSessions, Effect: 'Allow', Resource: allowed },
        { ...deny, Resource: [onSessions.Resource, links] },
      ]);
    },
  );
});
