import { describe, expect, test } from '@jest/globals';
import { environments, resourceOf, templateOf } from '../../support/templates.ts';

const scheduleType = 'AWS::SecretsManager::RotationSchedule';

describe.each([
  ['the credentials', 'CredentialsRotation', 'CredentialsSecret', 'RotateCredentials'],
  ['the launch key', 'LaunchLinks', 'LaunchLinksKey', 'LaunchLinksKeyRotate'],
])('the rotation of %s', (_what, scheduleId, secretId, rotateId) => {
  test.each(environments)(
    'never starts with a deployment of a %s stage, and is due after 90 days',
    (environment) => {
      const template = templateOf({ environment });
      const rotate = resourceOf(template, 'AWS::Lambda::Function', rotateId).logicalId;
      const schedule = resourceOf(template, scheduleType, scheduleId);
      expect(schedule.Properties).toEqual({
        SecretId: { Ref: resourceOf(template, 'AWS::SecretsManager::Secret', secretId).logicalId },
        RotationLambdaARN: { 'Fn::GetAtt': [rotate, 'Arn'] },
        RotateImmediatelyOnUpdate: false,
        RotationRules: { AutomaticallyAfterDays: 90 },
      });
      // Secrets Manager tests the function at once, which then needs its permission and its role's policy.
      const permission = resourceOf(template, 'AWS::Lambda::Permission', rotateId).logicalId;
      const policy = resourceOf(template, 'AWS::IAM::Policy', rotateId).logicalId;
      expect(schedule).toHaveProperty('DependsOn', expect.arrayContaining([rotate, permission, policy]));
    },
  );
});

test('the row says how many days are between two rotations', () => {
  const template = templateOf({ environment: 'test', rotationDays: 30, launchKeyRotationDays: 40 });
  const daysOf = (id: string) => resourceOf(template, scheduleType, id).Properties.RotationRules;
  expect(['CredentialsRotation', 'LaunchLinks'].map(daysOf)).toEqual([
    { AutomaticallyAfterDays: 30 },
    { AutomaticallyAfterDays: 40 },
  ]);
});
