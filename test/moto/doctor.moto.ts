import { APIGatewayClient, UpdateAccountCommand } from '@aws-sdk/client-api-gateway';
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { accountChecks, receiverCheck, trailCheck } from '../../bin/doctor/account-checks.ts';
import { alarmCheck } from '../../bin/doctor/alarm-checks.ts';
import { type AwsQuestion, askAwsIn } from '../../bin/doctor/ask-aws.ts';
import { callStage } from '../../bin/doctor/call-stage.ts';
import type { Check } from '../../bin/doctor/check.ts';
import { secretCheck } from '../../bin/doctor/secret-checks.ts';
import { tableCheck, timeToLiveCheck } from '../../bin/doctor/table-checks.ts';
import { clientConfig } from '../../bin/stand-ins/client-config.ts';
import { articlesOf, nameAlarm } from '../../lib/monitoring/runbook.ts';
import { examine } from '../support/examine.ts';
import { type Moto, startMoto } from './moto-secrets-manager.ts';

const stackName = 'BeginiSession-Demo';
const stage = {
  name: 'Demo',
  environment: 'production',
  resume: true,
  launchLinks: true,
  results: false,
} as const;

let moto: Moto;
let options: { endpoint: string; region: string; credentials: object };
const clients: { destroy(): void }[] = [];

/** A client of moto, which ends with the tests. */
function clientOf<Client extends { destroy(): void }>(type: new (options: object) => Client): Client {
  const client = new type(options);
  clients.push(client);
  return client;
}
beforeAll(async () => {
  moto = await startMoto();
  options = { ...clientConfig(moto.url), region: 'eu-central-1' };
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await moto.stop();
});

const statusesOf = async (...checks: Check[]) => (await examine(checks)).map(({ status }) => status);

test('a secret still holds its placeholder until a pair was put in', async () => {
  const client = clientOf(SecretsManagerClient);
  const secretId = 'begini-session/demo/credentials';
  await client.send(new CreateSecretCommand({ Name: secretId, SecretString: 'UNSET' }));
  const check = secretCheck({
    client,
    secretId,
    name: 'the pair',
    renew: 'npm run rotate -- --stage demo',
    startsUnset: true,
    scheduled: false,
  });
  expect(await statusesOf(check)).toEqual(['to do']);
  await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: '{}' }));
  // A value that no rotation put in.
  expect(await examine([check])).toMatchObject([{ code: 'never_rotated' }]);
  const stage = { SecretId: secretId, SecretString: '{}', VersionStages: ['AWSPENDING'] };
  await client.send(new PutSecretValueCommand(stage));
  expect(await statusesOf(check)).toEqual(['wrong']);
});

test('the table is there, and its TTL is off until it is turned on', async () => {
  const client = clientOf(DynamoDBClient);
  const TableName = 'BeginiSession-Demo-Sessions';
  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  const checks = [tableCheck(client, TableName), timeToLiveCheck(client, TableName)];
  expect(await statusesOf(...checks)).toEqual(['ok', 'wrong']);
  const TimeToLiveSpecification = { Enabled: true, AttributeName: 'expiresAt' };
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  expect(await statusesOf(...checks)).toEqual(['ok', 'ok']);
  await client.send(new DeleteTableCommand({ TableName }));
  // Moto has no ResourceNotFoundException for the TTL.
  expect(await examine(checks.slice(0, 1))).toMatchObject([{ code: 'deleted' }]);
});

test('nobody receives the alarms until somebody subscribes', async () => {
  const client = clientOf(SNSClient);
  const { TopicArn } = await client.send(new CreateTopicCommand({ Name: 'alarms' }));
  const check = receiverCheck(client, stage, TopicArn);
  expect(await statusesOf(check)).toEqual(['to do']);
  // Moto confirms at once, which AWS never does for a mail address.
  const subscription = { TopicArn, Protocol: 'email', Endpoint: 'on-call@bank.example' };
  await client.send(new SubscribeCommand(subscription));
  expect(await statusesOf(check)).toEqual(['ok']);
});

test('alarms are found by their names, a missing one is wrong, and a raised one is named', async () => {
  const client = clientOf(CloudWatchClient);
  const check = alarmCheck(client, stage, stackName);
  expect(await statusesOf(check)).toEqual(['wrong']);
  const [last = '', ...others] = articlesOf(stage).map((article) => nameAlarm(stackName, article));
  // All on metrics: moto has no composite alarms by JSON.
  const create = (AlarmName: string) =>
    client.send(
      new PutMetricAlarmCommand({
        AlarmName,
        MetricName: 'Errors',
        Namespace: 'Demo',
        Statistic: 'Sum',
        Period: 60,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Threshold: 1,
        EvaluationPeriods: 1,
      }),
    );
  for (const name of others) await create(name);
  expect(await statusesOf(check)).toEqual(['wrong']);
  await create(last);
  expect(await statusesOf(check)).toEqual(['ok']);
  const raised = others.find((name) => name.includes('ticket')) ?? '';
  await client.send(
    new SetAlarmStateCommand({ AlarmName: raised, StateValue: 'ALARM', StateReason: 'test' }),
  );
  const [finding] = await examine([check]);
  expect(finding?.status).toBe('to do');
  expect(raised).toContain(finding?.found.replace(/^raised: "|"$/g, '') || 'nothing');
});

/** What the doctor asks without an SDK client. */
const askAws = askAwsIn(
  'eu-central-1',
  async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' }),
  (request) => callStage({ ...request, url: `${moto.url}/` }),
);
/** To set up what it then finds, any other operation. */
const ask = (service: string, operation: string, input: object): Promise<string> =>
  askAws({ service, operation, input } as AwsQuestion);

test('the account has no role for logs until it gets one that exists, and trusts API Gateway', async () => {
  const client = clientOf(APIGatewayClient);
  const [role] = accountChecks(client, clientOf(LambdaClient), askAws);
  if (!role) throw new Error('no check');
  const codes = async () => (await examine([role])).map(({ code }) => code);
  expect(await codes()).toEqual(['log_role_missing']);
  const value = 'arn:aws:iam::123456789012:role/logs';
  await client.send(
    new UpdateAccountCommand({ patchOperations: [{ op: 'replace', path: '/cloudwatchRoleArn', value }] }),
  );
  expect(await codes()).toEqual(['log_role_gone']);
  const trusting = (Service: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
    });
  await ask('iam', 'CreateRole', {
    RoleName: 'logs',
    AssumeRolePolicyDocument: trusting('lambda.amazonaws.com'),
  });
  expect(await codes()).toEqual(['log_role_not_trusted']);
  const PolicyDocument = trusting('apigateway.amazonaws.com');
  await ask('iam', 'UpdateAssumeRolePolicy', { RoleName: 'logs', PolicyDocument });
  expect(await codes()).toEqual(['log_role_set']);
});

test('a trail must exist and record, and the policy of a key is read', async () => {
  const check = trailCheck(askAws, 'eu-central-1');
  const codes = async () => (await examine([check])).map(({ code }) => code);
  expect(await codes()).toEqual(['no_trail']);
  await fetch(`${moto.url}/trails`, { method: 'PUT' });
  await ask('cloudtrail', 'CreateTrail', { Name: 'all', S3BucketName: 'trails' });
  expect(await codes()).toEqual(['trail_stopped']);
  await ask('cloudtrail', 'StartLogging', { Name: 'all' });
  expect(await codes()).toEqual(['trail_records']);
  const { KeyMetadata } = JSON.parse(await ask('kms', 'CreateKey', {}));
  const input = { KeyId: KeyMetadata.KeyId, PolicyName: 'default' };
  expect(JSON.parse(await ask('kms', 'GetKeyPolicy', input))).toEqual({
    Policy: expect.stringContaining('Statement'),
  });
  await expect(
    ask('iam', 'GetPolicy', { PolicyArn: 'arn:aws:iam::123456789012:policy/none' }),
  ).rejects.toThrow(expect.objectContaining({ name: 'NoSuchEntity' }));
});
