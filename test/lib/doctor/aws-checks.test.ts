import { APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { beforeEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { accountChecks, receiverCheck } from '../../../lib/doctor/account-checks.ts';
import type { Check } from '../../../lib/doctor/check.ts';
import { checkStack } from '../../../lib/doctor/deployed-checks.ts';
import { runChecks } from '../../../lib/doctor/run-checks.ts';
import { secretCheck } from '../../../lib/doctor/secret-checks.ts';
import { tableChecks } from '../../../lib/doctor/table-checks.ts';
import { readStages } from '../../../lib/stages/stages.ts';

const region = 'eu-central-1';
const secrets = mockClient(SecretsManagerClient);
const sns = mockClient(SNSClient);
const apiGateway = mockClient(APIGatewayClient);
const lambda = mockClient(LambdaClient);
const dynamoDb = mockClient(DynamoDBClient);
beforeEach(() => {
  for (const double of [secrets, sns, apiGateway, lambda, dynamoDb]) double.reset();
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
  startsUnset: true,
  scheduled: true,
});
const inUse = { used: ['AWSCURRENT'], before: ['AWSPREVIOUS'] };

test.each([
  ['ok', 'a pair that was put in', inUse, true, ''],
  [
    'ok',
    'AWSPENDING that stayed on the pair in use',
    { ...inUse, used: ['AWSCURRENT', 'AWSPENDING'] },
    true,
    '',
  ],
  ['to do', 'a pair that was never put in', { used: ['AWSCURRENT'] }, true, 'npm run rotate'],
  ['to do', 'a staged pair', { ...inUse, next: ['BEGINI_NEXT'] }, true, 'npm run rotate'],
  ['wrong', 'a foreign AWSPENDING', { ...inUse, next: ['AWSPENDING'] }, true, 'npm run rotate'],
  ['wrong', 'no schedule', inUse, false, 'npx cdk deploy'],
])('%s for %s', async (status, _, VersionIdsToStages, RotationEnabled, next) => {
  secrets.on(DescribeSecretCommand).resolves({ VersionIdsToStages, RotationEnabled });
  expect(await resultsOf([pair])).toEqual([[status, expect.stringContaining(next)]]);
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
  dynamoDb.on(DescribeTableCommand).resolves({ Table: { TableStatus: 'ACTIVE' } });
  dynamoDb
    .on(DescribeTimeToLiveCommand)
    .resolves({ TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } });
  expect(await resultsOf(tableChecks(new DynamoDBClient({ region }), 'table'))).toEqual([
    ['ok', ''],
    ['wrong', expect.stringContaining('Time to Live')],
  ]);
});

test.each([
  ['CREATE_COMPLETE', 'ok'],
  ['UPDATE_IN_PROGRESS', 'to do'],
  ['UPDATE_ROLLBACK_COMPLETE', 'to do'],
  ['UPDATE_ROLLBACK_FAILED', 'wrong'],
] as const)('a stack in the state %s is %s', (StackStatus, status) => {
  const stack = { StackName: 'BeginiSession-Demo', CreationTime: new Date(0), StackStatus };
  expect(checkStack(stack, stageOf('test')).status).toBe(status);
});

test('a check that does not end is given up', async () => {
  const endless: Check = { group: 'stack', name: 'endless', run: () => new Promise(() => undefined) };
  const limits = { checkTimeoutMs: 5, totalTimeoutMs: 1000 };
  expect(await runChecks([endless], () => undefined, limits)).toMatchObject([{ status: 'not checked' }]);
});
