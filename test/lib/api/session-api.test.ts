import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import type { CfnRestApi } from 'aws-cdk-lib/aws-apigateway';
import { securityHeaders } from '../../../functions/http/security-headers.ts';
import { gatewayPage } from '../../../lib/api/gateway-page.ts';
import { forcedStatusOf, gatewayProblem, gatewayResponses } from '../../../lib/api/gateway-responses.ts';
import { applicantPageOf } from '../../../lib/stages/applicant-page.ts';
import { stackOf } from '../../support/synthesize.ts';
import { environments, fullRow, resourceOf, templateOf } from '../../support/templates.ts';

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

  test('writes an access log that names the caller but no key, path, address or user agent', () => {
    const { AccessLogSetting } = resourceOf(template, 'AWS::ApiGateway::Stage').Properties;
    expect(AccessLogSetting).toMatchObject({ Format: expect.any(String) });
    const format = JSON.stringify(AccessLogSetting);
    const variables = [...format.matchAll(/\$context\.[\w.]+/g)].map(([variable]) => variable).sort();
    // Nor the request's id, which a caller may choose: API Gateway escapes nothing here.
    expect(variables).toEqual([
      '$context.awsEndpointRequestId',
      '$context.error.responseType',
      '$context.extendedRequestId',
      '$context.httpMethod',
      '$context.identity.apiKeyId',
      '$context.identity.userArn',
      '$context.integration.latency',
      '$context.integration.status',
      '$context.resourcePath',
      '$context.responseLatency',
      '$context.status',
    ]);
  });
});

test('every call is counted and throttled, and none logged in full; open routes have their own throttle', () => {
  const settings = (method: string, path: string, rateLimit: number, burstLimit: number) => ({
    HttpMethod: method,
    ResourcePath: path,
    DataTraceEnabled: false,
    LoggingLevel: 'OFF',
    MetricsEnabled: true,
    ThrottlingRateLimit: rateLimit,
    ThrottlingBurstLimit: burstLimit,
  });
  const settingsOf = (row: object) =>
    resourceOf(templateOf({ environment: 'test', ...row }), 'AWS::ApiGateway::Stage').Properties
      .MethodSettings;
  expect(settingsOf({ launchLinks: false })).toEqual([settings('*', '/*', 5, 10)]);
  expect(settingsOf({ results: true, launchThrottle: { rateLimit: 3, burstLimit: 4 } })).toEqual([
    settings('*', '/*', 5, 10),
    ...['GET', 'HEAD', 'POST'].map((method) => settings(method, '/~1launch~1{token}', 3, 4)),
    ...['GET', 'HEAD'].map((method) => settings(method, '/~1return~1{ending}', 3, 4)),
    settings('POST', '/~1webhooks~1begini', 10, 20),
  ]);
  expect(settingsOf(fullRow('production'))).toEqual(
    expect.arrayContaining([
      settings('*', '/*', 100, 200),
      settings('POST', '/~1webhooks~1begini', 200, 400),
    ]),
  );
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
    expect(answer.StatusCode).toBe(forcedStatusOf(response)?.toString());
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

describe('TLS', () => {
  const domain = {
    name: 'start.lender.example',
    certificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d',
  };
  const apiOf = (row: object) =>
    resourceOf(templateOf({ environment: 'test', ...row }), 'AWS::ApiGateway::RestApi').Properties;

  test('is 1.2 or newer with forward secrecy, on the API itself: its own host would accept 1.0', () => {
    expect(apiOf({})).toMatchObject({
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
      EndpointAccessMode: 'BASIC',
    });
  });

  test.each([
    [{}, false],
    [{ domain, defaultEndpoint: 'open' }, false],
    [{ domain, defaultEndpoint: 'closed' }, true],
  ])('with %j, the own host is closed: %s', (row, isClosed) => {
    expect(apiOf(row).DisableExecuteApiEndpoint).toBe(isClosed);
  });

  test('a new policy and a closed host are deployed at once', () => {
    const deploymentId = (template: Template) =>
      resourceOf(template, 'AWS::ApiGateway::Deployment').logicalId;
    const changed = (change: Partial<CfnRestApi>) => {
      const stack = stackOf({ environment: 'test' });
      const api = stack.node.findChild('Api').node.findChild('RestApi').node.defaultChild;
      Object.assign(api as CfnRestApi, change);
      return Template.fromStack(stack);
    };
    const ids = [
      templateOf({ environment: 'test', domain, defaultEndpoint: 'open' }),
      templateOf({ environment: 'test', domain, defaultEndpoint: 'closed' }),
      changed({ securityPolicy: 'TLS_1_2' }),
      changed({ endpointAccessMode: 'STRICT' }),
    ].map(deploymentId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('a new resource policy is deployed at once', () => {
  const deploymentIds = ['192.0.2.1', '192.0.2.2'].map((address) => {
    const row = { environment: 'test', callerAuth: 'iam', allowedSourceIps: [address] };
    return resourceOf(templateOf(row), 'AWS::ApiGateway::Deployment').logicalId;
  });
  expect(deploymentIds[0]).not.toBe(deploymentIds[1]);
});
