import { APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { accountChecks, receiverCheck } from '../../../bin/doctor/account-checks.ts';
import { alarmCheck } from '../../../bin/doctor/alarm-checks.ts';
import type { Check } from '../../../bin/doctor/check.ts';
import { checkStack } from '../../../bin/doctor/deployed-checks.ts';
import { runChecks } from '../../../bin/doctor/run-checks.ts';
import { secretCheck } from '../../../bin/doctor/secret-checks.ts';
import { tableCheck, timeToLiveCheck } from '../../../bin/doctor/table-checks.ts';
import { articlesOf, nameAlarm } from '../../../lib/monitoring/runbook.ts';
import { readStages } from '../../../lib/stages/stages.ts';

const region = 'eu-central-1';
const commands = { deploy: 'npx cdk deploy BeginiSession-Demo', rotate: 'npm run rotate -- --stage demo' };
const secrets = mockClient(SecretsManagerClient);
const sns = mockClient(SNSClient);
const apiGateway = mockClient(APIGatewayClient);
const lambda = mockClient(LambdaClient);
const dynamoDb = mockClient(DynamoDBClient);
const cloudWatch = mockClient(CloudWatchClient);
beforeEach(() => {
  for (const double of [secrets, sns, apiGateway, lambda, dynamoDb, cloudWatch]) double.reset();
});

const resultsOf = async (checks: Check[]) =>
  (await runChecks(checks, () => undefined)).map(({ status, next }) => [status, next ?? '']);
const stageOf = (environment: string) => {
  const [stage] = readStages({ Demo: { environment } });
  if (!stage) throw new Error('the table has one row');
  return stage;
};
const pair = secretCheck({
  client: new SecretsManagerClient({ region }),
  secretId: 'secret',
  name: 'the pair',
  renew: 'npm run rotate',
  deploy: 'npx cdk deploy',
  awsCli: 'aws --region eu-central-1',
  startsUnset: true,
  scheduled: true,
});
const inUse = { used: ['AWSCURRENT'], before: ['AWSPREVIOUS'] };
const day = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * day);
const scheduled = {
  RotationEnabled: true,
  RotationRules: { AutomaticallyAfterDays: 90 },
  CreatedDate: ago(1),
};

test.each([
  ['ok', 'a pair that was put in', inUse, ''],
  ['ok', 'AWSPENDING that stayed on the pair in use', { ...inUse, used: ['AWSCURRENT', 'AWSPENDING'] }, ''],
  ['ok', 'a renewal with the pair that was in use already', { ...inUse, next: ['BEGINI_SAME'] }, ''],
  ['to do', 'a pair that was never put in', { used: ['AWSCURRENT'] }, 'npm run rotate'],
  [
    'to do',
    'a staged pair',
    { ...inUse, next: ['BEGINI_NEXT'] },
    '--version-stage BEGINI_NEXT --remove-from-version-id next',
  ],
  [
    'to do',
    'a renewal that Begini refused',
    { ...inUse, next: ['BEGINI_REFUSED_401'] },
    'is the key complete',
  ],
  [
    'wrong',
    'a foreign AWSPENDING',
    { ...inUse, next: ['AWSPENDING'] },
    '--version-stage AWSPENDING --remove-from-version-id next',
  ],
  ['wrong', 'no version in use', { before: ['AWSPREVIOUS'] }, 'npm run rotate'],
])('%s for %s', async (status, _, VersionIdsToStages, next) => {
  secrets.on(DescribeSecretCommand).resolves({ ...scheduled, VersionIdsToStages });
  expect(await resultsOf([pair])).toEqual([[status, expect.stringContaining(next)]]);
});

test.each([
  ['wrong', 'no schedule', { RotationEnabled: false }, 'npx cdk deploy'],
  ['ok', 'a date that is to come', { NextRotationDate: ago(-1) }, ''],
  ['to do', 'a date that has passed', { NextRotationDate: ago(2) }, 'npm run rotate'],
  ['to do', 'a last rotation that is too long ago', { LastRotatedDate: ago(92) }, 'npm run rotate'],
  ['to do', 'a pair that was never rotated', { CreatedDate: ago(92) }, 'npm run rotate'],
  ['ok', 'a pair that was rotated in time', { CreatedDate: ago(500), LastRotatedDate: ago(80) }, ''],
])('%s for %s', async (status, _, schedule, next) => {
  secrets.on(DescribeSecretCommand).resolves({ ...scheduled, ...schedule, VersionIdsToStages: inUse });
  expect(await resultsOf([pair])).toEqual([[status, expect.stringContaining(next)]]);
});

describe('the alarms', () => {
  const stage = { resume: true, launchLinks: false };
  const names = articlesOf(stage).map((article) => nameAlarm('BeginiSession-Demo', article));
  const check = alarmCheck(new CloudWatchClient({ region }), stage, 'BeginiSession-Demo', commands);
  const alarms = (change: (name: string) => object = () => ({})) =>
    names.map((AlarmName) => ({ AlarmName, StateValue: 'OK' as const, ...change(AlarmName) }));
  /** Composite ones are listed apart from the others. */
  const exist = (all: object[]) =>
    cloudWatch
      .on(DescribeAlarmsCommand, { AlarmTypes: ['CompositeAlarm', 'MetricAlarm'] })
      .resolves({ MetricAlarms: all.slice(3), CompositeAlarms: all.slice(0, 3) });

  test.each<[string, object[], string, string, string]>([
    ['all quiet', alarms(), 'ok', 'all quiet', ''],
    ['one missing', alarms().slice(1), 'wrong', 'missing: "Begini refuses our credentials"', commands.deploy],
    [
      'one raised that wakes somebody',
      alarms((name) => (name.includes('defect') ? { StateValue: 'ALARM' } : {})),
      'wrong',
      'raised: "The service has a defect"',
      '.github/RUNBOOK.md',
    ],
    [
      'one raised that can wait',
      alarms((name) => (name.includes('slow') ? { StateValue: 'ALARM' } : {})),
      'to do',
      'raised: ',
      '.github/RUNBOOK.md',
    ],
    ['one switched off', alarms(() => ({ ActionsEnabled: false })), 'to do', 'tell nobody: ', 'Enable'],
  ])('%s', async (_, all, status, found, next) => {
    exist(all);
    const [finding] = await runChecks([check], () => undefined);
    expect(finding).toMatchObject({ status, found: expect.stringContaining(found) });
    expect(finding?.next ?? '').toContain(next);
  });
});

test.each([
  ['ok', 'a confirmed address', 'arn:aws:sns:eu-central-1:123456789012:topic:id', ''],
  ['to do', 'an address that is not confirmed', 'PendingConfirmation', 'Confirm subscription'],
])('%s for %s', async (status, _, SubscriptionArn, next) => {
  sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [{ SubscriptionArn }] });
  const check = receiverCheck(
    new SNSClient({ region }),
    stageOf('production'),
    'arn:aws:sns:topic',
    commands,
  );
  expect(await resultsOf([check])).toEqual([[status, expect.stringContaining(next)]]);
});

test('somebody must receive the alarms of production, and of a test stage nobody need', async () => {
  const client = new SNSClient({ region });
  expect(await resultsOf([receiverCheck(client, stageOf('production'), undefined, commands)])).toEqual([
    ['to do', expect.stringContaining('stages.Demo.alarmEmail')],
  ]);
  expect(await resultsOf([receiverCheck(client, stageOf('test'), undefined, commands)])).toEqual([
    ['ok', ''],
  ]);
});

test('finds a missing account role and a quota of 10', async () => {
  apiGateway.on(GetAccountCommand).resolves({});
  lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 10 } });
  const checks = accountChecks(
    new APIGatewayClient({ region }),
    new LambdaClient({ region }),
    'Demo',
    commands,
  );
  expect(await resultsOf(checks)).toEqual([
    ['wrong', expect.stringContaining('apiGatewayAccountRole')],
    ['to do', expect.stringContaining('Service Quotas')],
  ]);
});

test('finds TTL that is off', async () => {
  const client = new DynamoDBClient({ region });
  dynamoDb.on(DescribeTableCommand).resolves({ Table: { TableStatus: 'ACTIVE' } });
  dynamoDb
    .on(DescribeTimeToLiveCommand)
    .resolves({ TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } });
  expect(await resultsOf([tableCheck(client, 'table', commands), timeToLiveCheck(client, 'table')])).toEqual([
    ['ok', ''],
    ['wrong', expect.stringContaining('Time to Live')],
  ]);
});

test.each([
  ['CREATE_COMPLETE', 'ok'],
  ['UPDATE_IN_PROGRESS', 'to do'],
  ['UPDATE_ROLLBACK_COMPLETE', 'to do'],
  ['UPDATE_ROLLBACK_FAILED', 'wrong'],
  ['ROLLBACK_FAILED', 'wrong'],
] as const)('a stack in the state %s is %s', (StackStatus, status) => {
  const stack = { StackName: 'BeginiSession-Demo', CreationTime: new Date(0), StackStatus };
  expect(checkStack(stack, stageOf('test')).status).toBe(status);
});

test('a check that does not end is given up', async () => {
  const endless: Check = { group: 'stack', name: 'endless', run: () => new Promise(() => undefined) };
  const limits = { checkTimeoutMs: 5, totalTimeoutMs: 1000 };
  expect(await runChecks([endless], () => undefined, limits)).toMatchObject([{ status: 'not checked' }]);
});
