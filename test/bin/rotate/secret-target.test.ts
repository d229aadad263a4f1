import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { findDeployedSecret } from '../../../bin/rotate/secret-target.ts';
import { readStages } from '../../../lib/stages/stages.ts';

const cloudFormation = mockClient(CloudFormationClient);
const secretsManager = mockClient(SecretsManagerClient);
const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:CredentialsSecret-AbCdEf';

const environmentBefore = { ...process.env };
afterEach(() => {
  process.env = { ...environmentBefore };
});

/** Replaces all AWS settings of this machine with these. */
function setEnvironment(settings: Record<string, string>): void {
  const others = Object.entries(environmentBefore).filter(([name]) => !name.startsWith('AWS_'));
  const nowhere = { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };
  process.env = { ...Object.fromEntries(others), ...nowhere, ...settings };
}

beforeEach(() => {
  setEnvironment({ AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' });
  cloudFormation.reset();
  secretsManager.reset();
  cloudFormation.on(DescribeStacksCommand, { StackName: 'BeginiSession-Demo' }).resolves({
    Stacks: [
      {
        StackName: 'BeginiSession-Demo',
        CreationTime: new Date(0),
        StackStatus: 'CREATE_COMPLETE',
        Outputs: [{ OutputKey: 'CredentialsSecretName', OutputValue: 'CredentialsSecret' }],
      },
    ],
  });
  secretsManager.on(DescribeSecretCommand, { SecretId: 'CredentialsSecret' }).resolves({ ARN });
});

function stageOf(row: object) {
  const [stage] = readStages({ Demo: { environment: 'test', region: 'eu-central-1', ...row } });
  if (!stage) throw new Error('the table has one row');
  return stage;
}

test('finds the secret by the outputs of the stack, and its account and region by its ARN', async () => {
  const { client, versions, ...target } = await findDeployedSecret(stageOf({ account: '123456789012' }), {});
  expect(versions.secretId).toBe(ARN);
  expect(target).toEqual({
    secretName: 'CredentialsSecret',
    account: '123456789012',
    region: 'eu-central-1',
  });
  expect(await client.config.region()).toBe('eu-central-1');
});

test('refuses credentials of another account than that of the row', async () => {
  await expect(findDeployedSecret(stageOf({ account: '999999999999' }), {})).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining('123456789012'),
  });
});

test('refuses a stack that does not name its secret', async () => {
  cloudFormation.on(DescribeStacksCommand).resolves({ Stacks: [] });
  await expect(findDeployedSecret(stageOf({}), {})).rejects.toMatchObject({ name: 'UsageError' });
});

test('says that no region is set', async () => {
  await expect(findDeployedSecret(stageOf({ region: undefined }), {})).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining('No AWS region is set'),
  });
});

test('says that there are no credentials', async () => {
  setEnvironment({});
  await expect(findDeployedSecret(stageOf({}), {})).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining('No AWS credentials were found'),
  });
});

test('says that the stack is not deployed', async () => {
  const error = Object.assign(new Error('Stack with id BeginiSession-Demo does not exist'), {
    name: 'ValidationError',
  });
  cloudFormation.on(DescribeStacksCommand).rejects(error);
  await expect(findDeployedSecret(stageOf({}), {})).rejects.toMatchObject({
    name: 'UsageError',
    message:
      'There is no stack BeginiSession-Demo in eu-central-1 of this account. Deploy it (npx cdk deploy BeginiSession-Demo), or set AWS_REGION to where it is.',
  });
});

test('does not call AWS while an endpoint override is set', async () => {
  const environment = { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:3002' };
  await expect(findDeployedSecret(stageOf({}), environment)).rejects.toMatchObject({
    message: expect.stringContaining('AWS_ENDPOINT_URL_SECRETS_MANAGER is set'),
  });
  expect([cloudFormation.calls(), secretsManager.calls()]).toEqual([[], []]);
});
