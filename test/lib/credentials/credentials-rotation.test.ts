import { describe, expect, test } from '@jest/globals';
import { environmentNames } from '../../../functions/environment.ts';
import { environments, resourceOf, templateOf } from '../../support/synthesize.ts';

const functionType = 'AWS::Lambda::Function';
const scheduleType = 'AWS::SecretsManager::RotationSchedule';

describe.each(environments)('the rotation of a %s stage', (environment) => {
  const template = templateOf({ environment, launchLinks: false });
  const secret = { Ref: resourceOf(template, 'AWS::SecretsManager::Secret', 'CredentialsSecret').logicalId };
  const { logicalId: functionId, Properties } = resourceOf(template, functionType, 'RotateCredentials');
  const functionArn = { 'Fn::GetAtt': [functionId, 'Arn'] };

  test('never starts with a deployment, and is due after 90 days', () => {
    expect(resourceOf(template, scheduleType, 'CredentialsRotation').Properties).toEqual({
      SecretId: secret,
      RotationLambdaARN: functionArn,
      RotateImmediatelyOnUpdate: false,
      RotationRules: { AutomaticallyAfterDays: 90 },
    });
  });

  test('is set up after the function can run', () => {
    const { DependsOn } = resourceOf(template, scheduleType, 'CredentialsRotation') as {
      DependsOn?: string[];
    };
    const permission = resourceOf(template, 'AWS::Lambda::Permission', 'RotateCredentials').logicalId;
    const policy = resourceOf(template, 'AWS::IAM::Policy', 'RotateCredentials').logicalId;
    expect(DependsOn).toEqual(expect.arrayContaining([functionId, permission, policy]));
  });

  test('has a function with time for a step, which knows its secret but not the key of the pseudonyms', () => {
    expect(Properties).toMatchObject({ Timeout: 45, Runtime: 'nodejs24.x', Handler: 'index.handler' });
    expect(Properties.Environment).toEqual({
      Variables: {
        [environmentNames.stage]: 'demo',
        [environmentNames.credentialsSecretArn]: secret,
        [environmentNames.hmac]: 'on',
      },
    });
  });

  test("names the operator's policy in the outputs", () => {
    const { logicalId } = resourceOf(template, 'AWS::IAM::ManagedPolicy', 'Operator');
    expect(template.findOutputs('OperatorPolicyArn').OperatorPolicyArn).toEqual({
      Value: { Ref: logicalId },
    });
  });
});

test('a stage may set the days between two rotations', () => {
  const template = templateOf({ environment: 'test', rotationDays: 30 });
  template.hasResourceProperties(scheduleType, { RotationRules: { AutomaticallyAfterDays: 30 } });
});
