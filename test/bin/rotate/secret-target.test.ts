import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { findDeployedSecret } from '../../../bin/rotate/secret-target.ts';
import { readStages } from '../../../lib/stages/stages.ts';
import { type HttpProxy, startProxy } from '../../support/proxy.ts';

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
  secretsManager
    .on(DescribeSecretCommand, { SecretId: 'CredentialsSecret' })
    .resolves({ ARN, RotationEnabled: true });
});

function stageOf(row: object) {
  const [stage] = readStages({ Demo: { environment: 'test', region: 'eu-central-1', ...row } });
  if (!stage) throw new Error('the table has one row');
  return stage;
}

test('finds the secret by the outputs of the stack, and its account and region by its ARN', async () => {
  const { client, versions, ...target } = await findDeployedSecret(stageOf({ account: '123456789012' }), {
    environment: {},
  });
  expect(versions.secretId).toBe(ARN);
  expect(target).toEqual({
    secretName: 'CredentialsSecret',
    account: '123456789012',
    region: 'eu-central-1',
    isDeleted: false,
    isRotated: true,
  });
  expect(await client.config.region()).toBe('eu-central-1');
});

describe('as the AWS CLI and the CDK CLI do, it', () => {
  /** The region and the access key that are used with this environment and the profiles `default` and `other`. */
  async function targetIn(environment: Record<string, string>, row: object = {}) {
    const file = join(await mkdtemp(join(tmpdir(), 'begini-session-profiles-')), 'config');
    const profile = (region: string, key: string) =>
      `region = ${region}\naws_access_key_id = ${key}\naws_secret_access_key = example\n`;
    writeFileSync(
      file,
      `[default]\n${profile('eu-central-1', 'OF-DEFAULT')}[profile other]\n${profile('eu-south-1', 'OF-OTHER')}`,
    );
    setEnvironment({ AWS_CONFIG_FILE: file, ...environment });
    const stage = stageOf({ region: undefined, ...row });
    const { client } = await findDeployedSecret(stage, { environment: process.env });
    const { accessKeyId } = await client.config.credentials();
    return [await client.config.region(), accessKeyId];
  }
  const keys = { AWS_ACCESS_KEY_ID: 'OF-ENVIRONMENT', AWS_SECRET_ACCESS_KEY: 'example' };

  test.each<[string, Record<string, string>, [string, string]]>([
    ['uses the default profile', {}, ['eu-central-1', 'OF-DEFAULT']],
    [
      'prefers AWS_DEFAULT_REGION to the profile',
      { AWS_DEFAULT_REGION: 'eu-west-1' },
      ['eu-west-1', 'OF-DEFAULT'],
    ],
    [
      'prefers AWS_REGION to AWS_DEFAULT_REGION',
      { AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'eu-west-1' },
      ['eu-west-2', 'OF-DEFAULT'],
    ],
    [
      'ignores an empty AWS_REGION',
      { AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-1' },
      ['eu-west-1', 'OF-DEFAULT'],
    ],
    ['uses AWS_DEFAULT_PROFILE', { AWS_DEFAULT_PROFILE: 'other' }, ['eu-south-1', 'OF-OTHER']],
    [
      'prefers AWS_PROFILE to AWS_DEFAULT_PROFILE',
      { AWS_PROFILE: 'other', AWS_DEFAULT_PROFILE: 'default' },
      ['eu-south-1', 'OF-OTHER'],
    ],
    [
      'prefers keys in the environment to AWS_PROFILE, but takes the region of the profile',
      { AWS_PROFILE: 'other', ...keys },
      ['eu-south-1', 'OF-ENVIRONMENT'],
    ],
  ])('%s', async (_, environment, expected) => {
    expect(await targetIn(environment)).toEqual(expected);
  });

  test('prefers the region in the row to all others', async () => {
    const environment = { AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'eu-west-1' };
    expect(await targetIn(environment, { region: 'eu-north-1' })).toEqual(['eu-north-1', 'OF-DEFAULT']);
  });
});

describe('with a profile that needs an MFA code', () => {
  const device = 'arn:aws:iam::123456789012:mfa/operator';
  let proxy: HttpProxy;
  beforeEach(async () => {
    proxy = await startProxy();
    const file = join(await mkdtemp(join(tmpdir(), 'begini-session-profiles-')), 'config');
    writeFileSync(
      file,
      `[default]\naws_access_key_id = a\naws_secret_access_key = b
[profile operator]\nregion = eu-west-1\nsource_profile = default\nmfa_serial = ${device}
role_arn = arn:aws:iam::123456789012:role/operator\n`,
    );
    setEnvironment({ AWS_CONFIG_FILE: file, AWS_PROFILE: 'operator', HTTPS_PROXY: proxy.url });
  });
  afterEach(() => proxy.close());
  const find = (askMfaCode?: (device: string) => Promise<string>) =>
    findDeployedSecret(stageOf({}), { environment: process.env, askMfaCode });

  test('asks for the code of that device, and sends it through the proxy', async () => {
    const asked: string[] = [];
    const failure = find(async (serial) => {
      asked.push(serial);
      return '123456';
    });
    await expect(failure).rejects.toThrow('ERR_PROXY_TUNNEL');
    expect(asked).toEqual([device]);
    expect([...new Set(proxy.targets)]).toEqual(['sts.eu-west-1.amazonaws.com:443']);
  });

  test('says so if there is no terminal', async () => {
    await expect(find()).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('The AWS profile asks for an MFA code.'),
    });
    expect(proxy.targets).toEqual([]);
  });
});

test.each<[string, object, () => unknown, string]>([
  [
    'the credentials are of another account than that of the row',
    { account: '999999999999' },
    () => undefined,
    'These AWS credentials are of account 123456789012; stage Demo is in 999999999999.',
  ],
  [
    'the stack does not name its secret',
    {},
    () => cloudFormation.on(DescribeStacksCommand).resolves({ Stacks: [] }),
    'The stack BeginiSession-Demo has no output CredentialsSecretName.',
  ],
  [
    'no region is set',
    { region: undefined },
    () => undefined,
    'No AWS region is set: use AWS_REGION, or `region` in the row of the stage in cdk.json.',
  ],
  [
    'there are no credentials',
    {},
    () => setEnvironment({}),
    'No AWS credentials were found: use AWS_PROFILE, or sign in as for the AWS CLI.',
  ],
  [
    'the stack is not deployed',
    {},
    () =>
      cloudFormation
        .on(DescribeStacksCommand)
        .rejects(Object.assign(new Error('does not exist'), { name: 'ValidationError' })),
    'There is no stack BeginiSession-Demo in eu-central-1 of this account. Deploy it (npx cdk deploy BeginiSession-Demo), or set AWS_REGION to where it is.',
  ],
])('says that %s', async (_, row, arrange, message) => {
  arrange();
  await expect(findDeployedSecret(stageOf(row), { environment: {} })).rejects.toMatchObject({
    name: 'UsageError',
    message,
  });
});
