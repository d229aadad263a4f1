import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { environments, resourceOf, templateOf } from '../../support/templates.ts';

const functionType = 'AWS::Lambda::Function';

describe.each(environments)('the function of a %s stage', (environment) => {
  const template = templateOf({ environment, launchLinks: false });
  const logGroupId = resourceOf(template, 'AWS::Logs::LogGroup', 'CreateSession').logicalId;

  test('runs on Node 24 and arm64', () => {
    template.hasResourceProperties(functionType, {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
    });
  });

  test('times out before API Gateway does', () => {
    const functionTimeoutMs =
      Number(resourceOf(template, functionType, 'CreateSession').Properties.Timeout) * 1000;
    const integration = resourceOf(template, 'AWS::ApiGateway::Method').Properties.Integration;
    expect(integration).toHaveProperty('TimeoutInMillis', 15_000);
    expect(functionTimeoutMs).toBe(14_000);
  });

  test('has more time if it is a step of the rotation of the pair', () => {
    expect(resourceOf(template, functionType, 'RotateCredentials').Properties).toHaveProperty('Timeout', 45);
  });

  test('logs JSON to its own log group and traces nothing', () => {
    template.hasResourceProperties(functionType, {
      LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: logGroupId } },
      TracingConfig: Match.absent(),
    });
  });
});

test('the function is published as a version, and the alias live points to it', () => {
  const template = templateOf({ environment: 'test', launchLinks: false });
  const version = resourceOf(template, 'AWS::Lambda::Version');
  expect(version.Properties).toMatchObject({
    FunctionName: { Ref: resourceOf(template, functionType, 'CreateSession').logicalId },
  });
  expect(resourceOf(template, 'AWS::Lambda::Alias').Properties).toMatchObject({
    Name: 'live',
    FunctionVersion: { 'Fn::GetAtt': [version.logicalId, 'Version'] },
  });
});

test('earlier versions stay for rollbacks, but not a version that a failed update created', () => {
  const version = resourceOf(templateOf({ environment: 'test', launchLinks: false }), 'AWS::Lambda::Version');
  expect([version.DeletionPolicy, version.UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
});

const unusual = { reservedConcurrency: 7, tracing: true };

test('the function has reserved concurrency only if the stage sets it', () => {
  const concurrencyOf = (row: Record<string, unknown>) =>
    resourceOf(templateOf({ environment: 'production', ...row }), functionType, 'CreateSession').Properties
      .ReservedConcurrentExecutions;
  expect([concurrencyOf({}), concurrencyOf(unusual)]).toEqual([undefined, 7]);
});

test('the function is traced if the stage sets it; API Gateway, which would record tokens, never is', () => {
  const template = templateOf({ environment: 'production', ...unusual });
  template.hasResourceProperties(functionType, { TracingConfig: { Mode: 'Active' } });
  template.hasResourceProperties('AWS::ApiGateway::Stage', { TracingEnabled: Match.absent() });
});

test.each([
  ['test', 14],
  ['production', 365],
])('the logs of a %s stage are kept for %i days', (environment, days) => {
  const template = templateOf({ environment, launchLinks: false });
  template.resourceCountIs('AWS::Logs::LogGroup', environment === 'production' ? 4 : 3);
  template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: days });
});
