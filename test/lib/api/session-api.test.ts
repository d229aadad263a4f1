import { describe, expect, test } from '@jest/globals';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { securityHeaders } from '../../../functions/http/security-headers.ts';
import { gatewayPage } from '../../../lib/api/gateway-page.ts';
import { gatewayProblem, gatewayResponses } from '../../../lib/api/gateway-responses.ts';
import { applicantPageOf } from '../../../lib/stages/applicant-page.ts';
import { environments, resourceOf, stackOf, templateOf } from '../../support/synthesize.ts';

describe.each(environments)('the API of a %s stage without launch links', (environment) => {
  const template = templateOf({ environment, launchLinks: false });

  test('is regional, has the stage as its path and one route', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['REGIONAL'] },
    });
    template.hasResourceProperties('AWS::ApiGateway::Stage', { StageName: 'demo' });
    template.hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: 'sessions' });
    template.resourceCountIs('AWS::ApiGateway::Resource', 1);
    template.resourceCountIs('AWS::ApiGateway::Method', 1);
    template.hasResourceProperties('AWS::ApiGateway::Method', {
      HttpMethod: 'POST',
      Integration: { Type: 'AWS_PROXY' },
    });
  });

  test('may invoke the function only for that route of that stage', () => {
    const { SourceArn } = resourceOf(template, 'AWS::Lambda::Permission', 'POST').Properties;
    expect(JSON.stringify(SourceArn)).toContain('"/POST/sessions"');
    expect(JSON.stringify(SourceArn)).toContain(
      `{"Ref":"${resourceOf(template, 'AWS::ApiGateway::Stage').logicalId}"}`,
    );
  });

  test('counts and throttles, and logs no request in full', () => {
    const { rateLimit, burstLimit } = {
      test: { rateLimit: 5, burstLimit: 10 },
      production: { rateLimit: 100, burstLimit: 200 },
    }[environment];
    expect(resourceOf(template, 'AWS::ApiGateway::Stage').Properties.MethodSettings).toEqual([
      {
        HttpMethod: '*',
        ResourcePath: '/*',
        DataTraceEnabled: false,
        LoggingLevel: 'OFF',
        MetricsEnabled: true,
        ThrottlingRateLimit: rateLimit,
        ThrottlingBurstLimit: burstLimit,
      },
    ]);
  });

  test('writes an access log that names the caller but no key, path, address or user agent', () => {
    const { AccessLogSetting } = resourceOf(template, 'AWS::ApiGateway::Stage').Properties;
    expect(AccessLogSetting).toMatchObject({ Format: expect.any(String) });
    const format = JSON.stringify(AccessLogSetting);
    const variables = [...format.matchAll(/\$context\.[\w.]+/g)].map(([variable]) => variable).sort();
    expect(variables).toEqual([
      '$context.error.responseType',
      '$context.extendedRequestId',
      '$context.httpMethod',
      '$context.identity.apiKeyId',
      '$context.identity.userArn',
      '$context.integration.latency',
      '$context.integration.status',
      '$context.requestId',
      '$context.resourcePath',
      '$context.responseLatency',
      '$context.status',
    ]);
  });
});

describe('the answers API Gateway gives itself', () => {
  const template = templateOf({ environment: 'test' });
  const answers = Object.values(template.findResources('AWS::ApiGateway::GatewayResponse')).map(
    ({ Properties }) => Properties,
  );

  test('are customised for every type, and for no other', () => {
    expect(answers.map(({ ResponseType }) => ResponseType).sort()).toEqual(
      gatewayResponses.map(({ type }) => type).sort(),
    );
  });

  test.each(gatewayResponses)('$type is a problem with status $statusCode', (response) => {
    const answer = answers.find(({ ResponseType }) => ResponseType === response.type);
    expect(answer.StatusCode).toBe(response.statusCode && String(response.statusCode));
    expect(Object.keys(answer.ResponseTemplates)).toEqual(['application/json', 'text/html']);
    const problem = JSON.parse(answer.ResponseTemplates['application/json']);
    expect(problem).toEqual(gatewayProblem(response, '$context.requestId'));
  });

  test.each(gatewayResponses)(
    '$type is a page of the lender for a browser, with the request id as its only variable',
    (response) => {
      const answer = answers.find(({ ResponseType }) => ResponseType === response.type);
      const html = answer.ResponseTemplates['text/html'];
      expect(html).toBe(gatewayPage(response, applicantPageOf({})));
      expect(html.match(/\$[^"]*?</g)).toEqual(['$context.requestId<']);
    },
  );

  test.each(gatewayResponses)('$type has the headers of every answer', (response) => {
    const answer = answers.find(({ ResponseType }) => ResponseType === response.type);
    const fixed = Object.entries(securityHeaders).map(([name, value]) => [
      `gatewayresponse.header.${name}`,
      `'${value}'`,
    ]);
    expect(answer.ResponseParameters).toEqual({
      ...Object.fromEntries(fixed),
      'gatewayresponse.header.x-request-id': 'context.requestId',
      ...(response.retryAfterSeconds && {
        'gatewayresponse.header.Retry-After': `'${response.retryAfterSeconds}'`,
      }),
    });
  });
});

describe("the account's CloudWatch role", () => {
  test('is created, and outlives the stack, because other APIs may use it', () => {
    const template = templateOf({ environment: 'test', apiGatewayAccountRole: 'create' });
    const account = resourceOf(template, 'AWS::ApiGateway::Account');
    const role = resourceOf(template, 'AWS::IAM::Role', 'CloudWatchRole');
    expect([account.DeletionPolicy, role.DeletionPolicy]).toEqual(['Retain', 'Retain']);
    expect(account.Properties).toEqual({ CloudWatchRoleArn: { 'Fn::GetAtt': [role.logicalId, 'Arn'] } });
    template.hasResource('AWS::ApiGateway::Stage', { DependsOn: Match.arrayWith([account.logicalId]) });
  });

  test('is not changed if it exists', () => {
    const template = templateOf({
      environment: 'test',
      apiGatewayAccountRole: 'existing',
      launchLinks: false,
    });
    template.resourceCountIs('AWS::ApiGateway::Account', 0);
    template.resourceCountIs('AWS::IAM::Role', 2);
  });
});

test('a new resource policy is deployed at once', () => {
  const deploymentId = (allowedSourceIps: string[]) =>
    resourceOf(templateOf({ environment: 'test', allowedSourceIps }), 'AWS::ApiGateway::Deployment')
      .logicalId;
  expect(deploymentId(['192.0.2.1'])).toBe(deploymentId(['192.0.2.1']));
  expect(deploymentId(['192.0.2.1'])).not.toBe(deploymentId(['192.0.2.2']));
});

describe('API keys that work from anywhere', () => {
  const settled = { alarmEmail: 'on-call@bank.example', applicantPage: { lenderName: 'Kazi Loans' } };
  const warnings = (row: Record<string, unknown>) =>
    Annotations.fromStack(stackOf({ ...settled, ...row }))
      .findWarning('*', Match.anyValue())
      .map(({ entry }) => String(entry.data));

  test('cause a warning in production, with the setting that fixes it', () => {
    expect(warnings({ environment: 'production', callerAuth: 'api-key' })).toEqual([
      expect.stringContaining('stages.Demo.allowedSourceIps in cdk.json'),
    ]);
  });

  test.each([
    { environment: 'production', callerAuth: 'api-key', allowedSourceIps: ['192.0.2.1'] },
    { environment: 'production', callerAuth: 'iam' },
    { environment: 'test', callerAuth: 'api-key' },
  ])('cause no warning with %j', (row) => {
    expect(warnings(row)).toEqual([]);
  });
});
