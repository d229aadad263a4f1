import { describe, expect, test } from '@jest/globals';
import { version } from '../../functions/version.ts';
import { environments, resourceOf, stackOf, templateOf } from '../support/synthesize.ts';

describe.each(environments)('the %s stack', (environment) => {
  test('gives a caller with IAM the URL and the policy, and the operator the secret', () => {
    const outputs = templateOf({ environment, launchLinks: false }).findOutputs('*');
    expect(Object.keys(outputs).sort()).toEqual([
      'CallerPolicyArn',
      'CredentialsSecretName',
      'DashboardUrl',
      'DoctorPolicyArn',
      'OperatorPolicyArn',
      'SessionTableName',
      'SessionsUrl',
      'UidRefKeySecretName',
    ]);
    expect(JSON.stringify(outputs.SessionsUrl)).toContain('/sessions');
  });

  test('gives a caller with an API key the id of each key, never its value', () => {
    const template = templateOf({
      environment,
      callerAuth: 'api-key',
      loanApps: ['quick-cash', 'farmers'],
      allowedSourceIps: ['203.0.113.0/24'],
      launchLinks: false,
    });
    const outputs = template.findOutputs('*');
    expect(Object.keys(outputs).sort()).toEqual([
      'ApiKeyIdFarmers',
      'ApiKeyIdQuickCash',
      'CredentialsSecretName',
      'DashboardUrl',
      'DoctorPolicyArn',
      'OperatorPolicyArn',
      'SessionTableName',
      'SessionsUrl',
      'UidRefKeySecretName',
    ]);
    const { logicalId } = resourceOf(template, 'AWS::ApiGateway::ApiKey', 'QuickCash');
    expect(outputs.ApiKeyIdQuickCash).toEqual({ Value: { Ref: logicalId } });
  });

  test('gives the URL for the Deployment Centre, and the queue of results with the policy of its consumer', () => {
    const without = Object.keys(templateOf({ environment }).findOutputs('*'));
    const outputs = templateOf({ environment, results: true }).findOutputs('*');
    const added = ['ResultsConsumerPolicyArn', 'ResultsQueueUrl', 'ResultsSetAsideQueueUrl', 'WebhookUrl'];
    expect(
      Object.keys(outputs)
        .filter((name) => !without.includes(name))
        .sort(),
    ).toEqual(added);
    expect(JSON.stringify(outputs.WebhookUrl)).toContain('/webhooks/begini"');
  });

  test('says what it is and which stage it belongs to', () => {
    const template = templateOf({ environment, launchLinks: false });
    expect(template.toJSON().Description).toContain(`stage Demo, version ${version}`);
    expect(resourceOf(template, 'AWS::Lambda::Function', 'CreateSession').Properties.Tags).toEqual([
      { Key: 'environment', Value: environment },
      { Key: 'service', Value: 'begini-session' },
      { Key: 'stage', Value: 'demo' },
    ]);
  });

  test('is protected from deletion in production only', () => {
    expect(stackOf({ environment }).terminationProtection).toBe(environment === 'production');
  });
});

test('a stack deploys to the account and region of its row', () => {
  const stack = stackOf({ environment: 'test', account: '123456789012', region: 'eu-central-1' });
  expect(stack.environment).toBe('aws://123456789012/eu-central-1');
});

test('a stack without them deploys to the account and region that cdk uses', () => {
  expect(stackOf({ environment: 'test' }).environment).toBe('aws://unknown-account/unknown-region');
});
