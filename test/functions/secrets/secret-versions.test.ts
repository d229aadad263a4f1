import {
  GetSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { beforeEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { secretVersions } from '../../../functions/secrets/secret-versions.ts';

const secretsManager = mockClient(SecretsManagerClient);
const versions = secretVersions(new SecretsManagerClient({ region: 'eu-west-1' }), 'secret');

beforeEach(() => {
  secretsManager.reset();
});

test('a label that no version has, has no value', async () => {
  const error = Object.assign(new Error('none'), { name: 'ResourceNotFoundException' });
  secretsManager.on(GetSecretValueCommand).rejects(error);
  expect(await versions.valueOf('AWSPENDING')).toBeUndefined();
});

test('another failure is no missing value', async () => {
  const error = Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
  secretsManager.on(GetSecretValueCommand).rejects(error);
  await expect(versions.valueOf('AWSPENDING')).rejects.toBe(error);
});

test('a label that is where it should be is not moved', async () => {
  secretsManager.on(UpdateSecretVersionStageCommand).resolves({});
  await versions.attach('AWSCURRENT', 'one', new Map([['AWSCURRENT', 'one']]));
  expect(secretsManager.calls()).toHaveLength(0);
  await versions.attach('AWSCURRENT', 'two', new Map([['AWSCURRENT', 'one']]));
  expect(secretsManager.calls()[0]?.args[0].input).toEqual({
    SecretId: 'secret',
    VersionStage: 'AWSCURRENT',
    MoveToVersionId: 'two',
    RemoveFromVersionId: 'one',
  });
});
