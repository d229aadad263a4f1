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
import { putIntoWords } from '../../../bin/doctor/findings.ts';
import { secretCheck } from '../../../bin/doctor/secret-checks.ts';
import { tableCheck, timeToLiveCheck } from '../../../bin/doctor/table-checks.ts';
import { articlesOf, nameAlarm } from '../../../lib/monitoring/runbook.ts';
import { readStages } from '../../../lib/stages/stages.ts';
import { examine, target } from '../../support/examine.ts';

const region = 'eu-central-1';
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
  (await examine(checks)).map(({ status, next }) => [status, next ?? '']);
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
  LastRotatedDate: ago(1),
};

test.each([
  ['ok', 'a pair that a rotation put in', inUse, ''],
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
  ['to do', 'a pair that no rotation put in', { LastRotatedDate: undefined }, 'npm run rotate'],
  ['wrong', 'a secret that will be deleted', { DeletedDate: ago(1) }, 'restore-secret --secret-id secret'],
  ['ok', 'a pair that was rotated in time', { CreatedDate: ago(500), LastRotatedDate: ago(80) }, ''],
])('%s for %s', async (status, _, schedule, next) => {
  secrets.on(DescribeSecretCommand).resolves({ ...scheduled, ...schedule, VersionIdsToStages: inUse });
  expect(await resultsOf([pair])).toEqual([[status, expect.stringContaining(next)]]);
});

test('a secret is not called set: its value is not read, and a pair that no rotation put in is said to be untested', async () => {
  const find = async (LastRotatedDate: Date | undefined) => {
    const description = { ...scheduled, LastRotatedDate, VersionIdsToStages: inUse };
    secrets.on(DescribeSecretCommand).resolves(description);
    return (await examine([pair]))[0]?.found;
  };
  expect(await find(ago(1))).toBe('its labels are in order; its value is not read');
  expect(await find(undefined)).toMatch(/not put in by a rotation.*never tested.*its value is not read$/);
});

test('a launch key needs no rotation before it is in order', async () => {
  secrets
    .on(DescribeSecretCommand)
    .resolves({ ...scheduled, LastRotatedDate: undefined, VersionIdsToStages: { used: ['AWSCURRENT'] } });
  const key = secretCheck({
    client: new SecretsManagerClient({ region }),
    secretId: 'launch-key',
    name: 'the key',
    renew: 'rotate-secret',
    startsUnset: false,
    scheduled: true,
  });
  expect(await examine([key])).toMatchObject([{ code: 'labels_in_order' }]);
});

describe('the alarms', () => {
  const stage = { resume: true, launchLinks: false, results: false as const };
  const names = articlesOf(stage).map((article) => nameAlarm('BeginiSession-Demo', article));
  const check = alarmCheck(new CloudWatchClient({ region }), stage, 'BeginiSession-Demo');
  const alarms = (change: (name: string) => object = () => ({})) =>
    names.map((AlarmName) => ({ AlarmName, StateValue: 'OK' as const, ...change(AlarmName) }));
  /** Composite ones are listed apart from the others. */
  const exist = (all: object[]) =>
    cloudWatch
      .on(DescribeAlarmsCommand, { AlarmTypes: ['CompositeAlarm', 'MetricAlarm'] })
      .resolves({ MetricAlarms: all.slice(3), CompositeAlarms: all.slice(0, 3) });

  test.each<[string, object[], string, string, string]>([
    ['all quiet', alarms(), 'ok', 'none is raised', ''],
    ['one missing', alarms().slice(1), 'wrong', 'missing: "Begini refuses our credentials"', target.deploy],
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
    [
      'one switched off',
      alarms(() => ({ ActionsEnabled: false })),
      'to do',
      'actions are disabled: ',
      'Enable',
    ],
  ])('%s', async (_, all, status, found, next) => {
    exist(all);
    const [finding] = await examine([check]);
    expect(finding).toMatchObject({ status, found: expect.stringContaining(found) });
    expect(finding?.next ?? '').toContain(next);
  });
});

test.each([
  ['ok', 'a confirmed address', 'arn:aws:sns:eu-central-1:123456789012:topic:id', ''],
  ['to do', 'an address that is not confirmed', 'PendingConfirmation', 'Confirm subscription'],
])('%s for %s', async (status, _, SubscriptionArn, next) => {
  sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [{ SubscriptionArn }] });
  const check = receiverCheck(new SNSClient({ region }), stageOf('production'), 'arn:aws:sns:topic');
  expect(await resultsOf([check])).toEqual([[status, expect.stringContaining(next)]]);
});

test('somebody must receive the alarms of production, and of a test stage nobody need', async () => {
  const client = new SNSClient({ region });
  expect(await resultsOf([receiverCheck(client, stageOf('production'), undefined)])).toEqual([
    ['to do', expect.stringContaining('stages.Demo.alarmEmail')],
  ]);
  expect(await resultsOf([receiverCheck(client, stageOf('test'), undefined)])).toEqual([['ok', '']]);
});

test('finds a missing account role and a quota of 10', async () => {
  apiGateway.on(GetAccountCommand).resolves({});
  lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 10 } });
  const checks = accountChecks(new APIGatewayClient({ region }), new LambdaClient({ region }));
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
  expect(await resultsOf([tableCheck(client, 'table'), timeToLiveCheck(client, 'table')])).toEqual([
    ['ok', ''],
    ['wrong', expect.stringContaining('Time to Live')],
  ]);
});

test('names what was deleted, and sends to the article on it', async () => {
  const answer = (name: string) => Object.assign(new Error('deleted'), { name });
  dynamoDb.on(DescribeTableCommand).rejects(answer('ResourceNotFoundException'));
  dynamoDb.on(DescribeTimeToLiveCommand).rejects(answer('ResourceNotFoundException'));
  secrets.on(DescribeSecretCommand).rejects(answer('ResourceNotFoundException'));
  sns.on(ListSubscriptionsByTopicCommand).rejects(answer('NotFoundException'));
  const client = new DynamoDBClient({ region });
  const topicArn = 'arn:aws:sns:eu-central-1:111122223333:topic';
  const found = await examine([
    tableCheck(client, 'BeginiSession-Demo-Sessions'),
    timeToLiveCheck(client, 'BeginiSession-Demo-Sessions'),
    pair,
    receiverCheck(new SNSClient({ region }), stageOf('production'), topicArn),
  ]);
  const table = 'the table BeginiSession-Demo-Sessions does not exist';
  expect(found.map((each) => [each.status, each.found, each.next])).toEqual(
    [table, table, 'the secret secret does not exist', 'the topic topic does not exist'].map((sentence) => [
      'wrong',
      sentence,
      expect.stringContaining('"Undo a change by hand"'),
    ]),
  );
});

test.each([
  ['CREATE_COMPLETE', 'ok'],
  ['UPDATE_IN_PROGRESS', 'to do'],
  ['UPDATE_ROLLBACK_COMPLETE', 'to do'],
  ['UPDATE_ROLLBACK_FAILED', 'wrong'],
  ['ROLLBACK_FAILED', 'wrong'],
] as const)('a stack in the state %s is %s', (StackStatus, status) => {
  const stack = { StackName: 'BeginiSession-Demo', CreationTime: new Date(0), StackStatus };
  expect(putIntoWords(checkStack(stack, stageOf('test')), target).status).toBe(status);
});

test('a check that does not end is given up', async () => {
  const endless: Check = { group: 'stack', name: 'endless', run: () => new Promise(() => undefined) };
  const limits = { checkTimeoutMs: 5, totalTimeoutMs: 1000 };
  expect(await examine([endless], limits)).toMatchObject([{ status: 'not checked' }]);
});
