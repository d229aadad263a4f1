import { describe, expect, test } from '@jest/globals';
import { verdictLabels } from '../../../functions/credentials/version-labels.ts';
import { environmentNames } from '../../../functions/environment.ts';
import {
  descriptionOfKey,
  environments,
  resourceOf,
  templateOf,
  useOfKey,
} from '../../support/synthesize.ts';

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

  test('may be started only by Secrets Manager, for this secret of this account', () => {
    expect(resourceOf(template, 'AWS::Lambda::Permission', 'RotateCredentials').Properties).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: functionArn,
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
      SourceArn: secret,
    });
  });

  test('has a function with the permissions of a rotation, for its own secret and no other', () => {
    const policy = resourceOf(template, 'AWS::IAM::Policy', 'RotateCredentials').Properties;
    expect(policy.PolicyDocument).toHaveProperty('Statement', [
      expect.objectContaining({ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] }),
      {
        Effect: 'Allow',
        Action: [
          'secretsmanager:DescribeSecret',
          'secretsmanager:GetSecretValue',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        Resource: secret,
      },
      ...useOfKey(template, secret, ['kms:Decrypt', 'kms:GenerateDataKey']),
      ...descriptionOfKey(template),
    ]);
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

  describe('gives the operator', () => {
    const { PolicyDocument } = resourceOf(template, 'AWS::IAM::ManagedPolicy', 'Operator').Properties;
    const { Statement: statements } = PolicyDocument as { Statement: Record<string, unknown>[] };
    const uidRefKey = { Ref: resourceOf(template, 'AWS::SecretsManager::Secret', 'UidRefKey').logicalId };
    const naming = (action: string) => statements.filter(({ Action }) => [Action].flat().includes(action));

    test('a policy that its outputs name', () => {
      const { logicalId } = resourceOf(template, 'AWS::IAM::ManagedPolicy', 'Operator');
      expect(template.findOutputs('OperatorPolicyArn').OperatorPolicyArn).toEqual({
        Value: { Ref: logicalId },
      });
    });

    test('permission to stage a pair and to rotate', () => {
      expect(statements[0]).toEqual({
        Effect: 'Allow',
        Action: [
          'secretsmanager:DescribeSecret',
          'secretsmanager:PutSecretValue',
          'secretsmanager:RotateSecret',
        ],
        Resource: secret,
      });
      expect(naming('lambda:InvokeFunction')).toEqual([
        { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: functionArn },
      ]);
      expect(naming('cloudformation:DescribeStacks')).toEqual([
        { Effect: 'Allow', Action: 'cloudformation:DescribeStacks', Resource: expect.any(Object) },
      ]);
      expect(JSON.stringify(naming('cloudformation:DescribeStacks'))).toContain(
        ':stack/BeginiSession-Demo/*',
      );
    });

    test('no permission to read the pair: only the key of the pseudonyms', () => {
      expect(naming('secretsmanager:GetSecretValue')).toEqual([
        { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: uidRefKey },
      ]);
    });

    test('permission to move the labels of a rotation, but not AWSCURRENT', () => {
      expect(naming('secretsmanager:UpdateSecretVersionStage')).toEqual([
        {
          Effect: 'Allow',
          Action: 'secretsmanager:UpdateSecretVersionStage',
          Resource: secret,
          Condition: {
            StringEquals: {
              'secretsmanager:VersionStage': ['BEGINI_NEXT', 'AWSPENDING', ...Object.values(verdictLabels)],
            },
          },
        },
      ]);
    });

    test('no permission to change the function or the schedule of the rotation', () => {
      const deny = { Effect: 'Deny', Action: 'secretsmanager:RotateSecret', Resource: secret };
      expect(naming('secretsmanager:RotateSecret').slice(1)).toEqual([
        { ...deny, Condition: { Null: { 'secretsmanager:RotationLambdaARN': 'false' } } },
        { ...deny, Condition: { Bool: { 'secretsmanager:ModifyRotationRules': 'true' } } },
      ]);
    });

    test("use of the stage's key for these two secrets, if there is one", () => {
      expect(statements.filter(({ Action }) => JSON.stringify(Action).includes('kms:'))).toEqual([
        ...useOfKey(template, secret, ['kms:Decrypt', 'kms:GenerateDataKey']),
        ...useOfKey(template, uidRefKey, 'kms:Decrypt'),
      ]);
    });

    test('nothing else', () => {
      const actions = new Set(
        statements.flatMap(({ Action }) => Action).filter((action) => !String(action).startsWith('kms:')),
      );
      expect([...actions].sort()).toEqual([
        'cloudformation:DescribeStacks',
        'dynamodb:DeleteItem',
        'lambda:InvokeFunction',
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        'secretsmanager:RotateSecret',
        'secretsmanager:UpdateSecretVersionStage',
      ]);
    });
  });
});

test('a stage may set the days between two rotations', () => {
  const template = templateOf({ environment: 'test', rotationDays: 30 });
  template.hasResourceProperties(scheduleType, { RotationRules: { AutomaticallyAfterDays: 30 } });
});
