import { APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
} from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetAccountSettingsCommand, GetAliasCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetTopicAttributesCommand, ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { accountChecks, receiverCheck, trailCheck } from '../../../bin/doctor/account-checks.ts';
import { alarmCheck } from '../../../bin/doctor/alarm-checks.ts';
import { type AskAws, type AwsQuestion, askAwsIn } from '../../../bin/doctor/ask-aws.ts';
import type { Check } from '../../../bin/doctor/check.ts';
import { putIntoWords } from '../../../bin/doctor/findings.ts';
import { secretCheck } from '../../../bin/doctor/secret-checks.ts';
import { checkStack, stackChecks } from '../../../bin/doctor/stack-checks.ts';
import { tableCheck, timeToLiveCheck } from '../../../bin/doctor/table-checks.ts';
import { topicCheck } from '../../../bin/doctor/topic-checks.ts';
import { version } from '../../../functions/version.ts';
import { articlesOf, nameAlarm } from '../../../lib/monitoring/runbook.ts';
import { readStages } from '../../../lib/stages/stages.ts';
import { stackResource } from '../../support/deployed-doubles.ts';
import { examine, target } from '../../support/examine.ts';

const region = 'eu-central-1';
const secrets = mockClient(SecretsManagerClient);
const sns = mockClient(SNSClient);
const apiGateway = mockClient(APIGatewayClient);
const lambda = mockClient(LambdaClient);
const dynamoDb = mockClient(DynamoDBClient);
const cloudWatch = mockClient(CloudWatchClient);
const cloudFormation = mockClient(CloudFormationClient);
beforeEach(() => {
  for (const double of [secrets, sns, apiGateway, lambda, dynamoDb, cloudWatch, cloudFormation])
    double.reset();
});

/** Answers each operation with a text, and refuses the others by a name of an error. */
const answering =
  (answers: Partial<Record<AwsQuestion['operation'], string>>, refusal = 'NoSuchEntity'): AskAws =>
  async ({ operation }) => {
    const answer = answers[operation];
    if (answer === undefined) throw Object.assign(new Error('refused'), { name: refusal });
    return answer;
  };
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Service: string | string[], Action: string | string[], more: object = {}) => ({
  Effect: 'Allow',
  Principal: { Service },
  Action,
  Resource: '*',
  ...more,
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
  const checks = accountChecks(new APIGatewayClient({ region }), new LambdaClient({ region }), answering({}));
  expect(await resultsOf(checks)).toEqual([
    ['wrong', expect.stringContaining('apiGatewayAccountRole')],
    ['to do', expect.stringContaining('Service Quotas')],
  ]);
});

describe('the role of API Gateway for logs', () => {
  const roleXml = (policy: string) =>
    `<AssumeRolePolicyDocument>${encodeURIComponent(policy)}</AssumeRolePolicyDocument>`;
  const trusts = (Service: string) => ({ GetRole: roleXml(policyOf(allow(Service, 'sts:AssumeRole'))) });

  test.each([
    ['ok', 'it exists and trusts API Gateway', trusts('apigateway.amazonaws.com'), ''],
    ['wrong', 'it was deleted', {}, 'API Gateway → Settings'],
    [
      'wrong',
      'it trusts another service',
      trusts('lambda.amazonaws.com'),
      'aws --region eu-central-1 iam update-assume-role-policy --role-name logs',
    ],
  ])('%s where %s', async (status, _, answers, next) => {
    const cloudwatchRoleArn = 'arn:aws:iam::111122223333:role/service-role/logs';
    apiGateway.on(GetAccountCommand).resolves({ cloudwatchRoleArn });
    const [role] = accountChecks(
      new APIGatewayClient({ region }),
      new LambdaClient({ region }),
      answering(answers),
    );
    expect(await resultsOf(role ? [role] : [])).toEqual([[status, expect.stringContaining(next)]]);
  });

  test('is not checked without the right to', async () => {
    apiGateway.on(GetAccountCommand).resolves({ cloudwatchRoleArn: 'arn:aws:iam::111122223333:role/logs' });
    const client = new APIGatewayClient({ region });
    const [role] = accountChecks(client, new LambdaClient({ region }), answering({}, 'AccessDenied'));
    expect(await examine(role ? [role] : [])).toMatchObject([
      { status: 'not checked', found: expect.stringContaining('iam:GetRole') },
    ]);
  });
});

describe('the topic of the alarms', () => {
  const [alarms, notices] = ['cloudwatch.amazonaws.com', 'events.amazonaws.com'];
  const both = [alarms, notices];
  const publish = policyOf(allow(both, 'sns:Publish'));
  const use = ['kms:Decrypt', 'kms:GenerateDataKey*'];
  const sourceAccount = { Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } } };
  const everyone = { Effect: 'Allow', Principal: { AWS: '*' }, Action: ['SNS:Publish'], Resource: '*' };

  test.each<[string, string, Record<string, string>, string | undefined, string]>([
    ['ok', 'its policy lets both publish', { Policy: publish }, undefined, ''],
    [
      'ok',
      'alarms have a condition',
      { Policy: policyOf(allow(alarms, 'sns:Publish', sourceAccount), allow(notices, '*')) },
      undefined,
      '',
    ],
    [
      'ok',
      'its key lets them use it',
      { Policy: publish, KmsMasterKeyId: 'k' },
      policyOf(allow(both, use)),
      '',
    ],
    [
      'wrong',
      'its policy names nobody',
      { Policy: policyOf() },
      undefined,
      `"Service":["${alarms}","${notices}"]`,
    ],
    [
      'wrong',
      'notices have a condition, which EventBridge does not meet',
      { Policy: policyOf({ ...everyone, ...sourceAccount }) },
      undefined,
      `"Service":["${notices}"]`,
    ],
    [
      'wrong',
      'its key is of AWS',
      { Policy: publish, KmsMasterKeyId: 'alias/aws/sns' },
      undefined,
      'Encryption',
    ],
    [
      'wrong',
      'its key lets nobody decrypt',
      { Policy: publish, KmsMasterKeyId: 'k' },
      policyOf(allow(both, 'kms:GenerateDataKey')),
      'k → Key policy → Edit, add: {"Effect":"Allow"',
    ],
    [
      'to do',
      'it names its key by an alias',
      { Policy: publish, KmsMasterKeyId: 'alias/k' },
      undefined,
      'get-key-policy',
    ],
  ])('is %s where %s', async (status, _, Attributes, keyPolicy, next) => {
    sns.on(GetTopicAttributesCommand).resolves({ Attributes });
    const askAws = answering(keyPolicy ? { GetKeyPolicy: JSON.stringify({ Policy: keyPolicy }) } : {});
    const check = topicCheck(
      new SNSClient({ region }),
      askAws,
      'arn:aws:sns:eu-central-1:111122223333:topic',
    );
    expect(await resultsOf([check])).toEqual([[status, expect.stringContaining(next)]]);
  });
});

test.each([
  ['ok', 'a trail of all regions records', [{ TrailARN: 'all', IsMultiRegionTrail: true }], true, ''],
  ['ok', "this region's trail records", [{ TrailARN: 'own', HomeRegion: region }], true, ''],
  ['to do', 'there is no trail', [], true, 'cloudtrail create-trail'],
  [
    'to do',
    "there is another region's trail",
    [{ TrailARN: 'far', HomeRegion: 'us-west-2' }],
    true,
    'create-trail',
  ],
  [
    'to do',
    'the trail is stopped',
    [{ TrailARN: 'own', HomeRegion: region }],
    false,
    'start-logging --name own',
  ],
])('%s where %s', async (status, _, trailList, IsLogging, next) => {
  const askAws = answering({
    DescribeTrails: JSON.stringify({ trailList }),
    GetTrailStatus: JSON.stringify({ IsLogging }),
  });
  expect(await resultsOf([trailCheck(askAws, region)])).toEqual([[status, expect.stringContaining(next)]]);
});

describe('what is deployed', () => {
  const functionArn = 'arn:aws:lambda:eu-central-1:111122223333:function:create-session';
  const oldVersion = stackResource('Version6', 'AWS::Lambda::Version', `${functionArn}:6`);
  const plain = {
    description: `Hands over, stage Demo, version ${version}`,
    state: 'UPDATE_COMPLETE' as 'UPDATE_COMPLETE' | 'UPDATE_IN_PROGRESS',
    alias: { FunctionVersion: '7' } as object,
    requests: [{ Sum: 30 }, { Sum: 12 }],
    lines: [{ Sum: 42 }],
    attached: 1,
  };
  const checksWith = (change: Partial<typeof plain>) => {
    const { description, state, alias, requests, lines, attached } = { ...plain, ...change };
    cloudFormation.on(ListStackResourcesCommand).resolves({
      StackResourceSummaries: [
        stackResource('Version7', 'AWS::Lambda::Version', `${functionArn}:7`),
        { ...oldVersion, ResourceStatus: 'DELETE_SKIPPED' },
        stackResource('AnotherLogGroup', 'AWS::Logs::LogGroup', 'another'),
      ],
      NextToken: '2',
    });
    cloudFormation
      .on(ListStackResourcesCommand, { StackName: 'BeginiSession-Demo', NextToken: '2' })
      .resolves({
        StackResourceSummaries: [
          stackResource('Live7', 'AWS::Lambda::Alias', `${functionArn}:live`),
          stackResource('ApiAccessLog7', 'AWS::Logs::LogGroup', 'access-log'),
        ],
      });
    lambda.on(GetAliasCommand, { FunctionName: 'create-session', Name: 'live' }).resolves(alias);
    const dimensions = (all: object) => Object.entries(all).map(([Name, Value]) => ({ Name, Value }));
    cloudWatch
      .on(GetMetricStatisticsCommand, {
        Namespace: 'AWS/ApiGateway',
        MetricName: 'Count',
        Dimensions: dimensions({ ApiName: 'BeginiSession-Demo', Stage: 'demo' }),
      })
      .resolves({ Datapoints: requests })
      .on(GetMetricStatisticsCommand, {
        Namespace: 'AWS/Logs',
        Dimensions: dimensions({ LogGroupName: 'access-log' }),
      })
      .resolves({ Datapoints: lines });
    return stackChecks({
      stack: {
        StackName: 'BeginiSession-Demo',
        CreationTime: new Date(0),
        StackStatus: state,
        Description: description,
      },
      stage: stageOf('production'),
      cloudFormation: new CloudFormationClient({ region }),
      cloudWatch: new CloudWatchClient({ region }),
      lambda: new LambdaClient({ region }),
      askAws: answering({ GetPolicy: `<AttachmentCount>${attached}</AttachmentCount>` }),
      callerPolicyArn: 'arn:aws:iam::111122223333:policy/callers',
    });
  };

  test('is in order', async () => {
    expect(await examine(checksWith({}))).toMatchObject([
      { code: 'version_same' },
      { code: 'aliases_in_order', count: 1 },
      { code: 'access_log_written', lines: 42 },
      { code: 'policy_attached' },
    ]);
  });

  test.each<[string, string, Partial<typeof plain>, string]>([
    [
      'to do',
      'another version than the checkout',
      { description: 'stage Demo, version 1.0.0' },
      'npx cdk deploy',
    ],
    [
      'to do',
      'an alias with a weight that a canary left',
      { alias: { FunctionVersion: '7', RoutingConfig: { AdditionalVersionWeights: { 8: 0.1 } } } },
      'update-alias --function-name create-session --name live --routing-config AdditionalVersionWeights={}',
    ],
    [
      'to do',
      'an alias that was moved by hand',
      { alias: { FunctionVersion: '6' } },
      'update-alias --function-name create-session --name live --function-version 7',
    ],
    ['to do', 'a canary in progress', { state: 'UPDATE_IN_PROGRESS' }, 'Wait until it has ended'],
    [
      'wrong',
      'requests without a line in the access log',
      { lines: [] },
      'AmazonAPIGatewayPushToCloudWatchLogs',
    ],
    ['to do', 'no requests yet', { requests: [], lines: [] }, 'Run the doctor again in half an hour'],
    [
      'to do',
      'a caller policy that nobody has',
      { attached: 0 },
      'iam attach-role-policy --policy-arn arn:aws:iam::111122223333:policy/callers',
    ],
  ])('is %s with %s', async (status, _, change, next) => {
    const found = (await resultsOf(checksWith(change))).filter(([each]) => each !== 'ok');
    expect(found).toEqual([[status, expect.stringContaining(next)]]);
  });
});

describe('a question without an SDK client', () => {
  const credentials = async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' });
  const question = { service: 'iam', operation: 'GetRole', input: { RoleName: 'logs' } } as const;
  const getPolicy = { service: 'kms', operation: 'GetKeyPolicy', input: { KeyId: 'k' } } as const;
  const answer = (status: number, body = '') => ({ status, headers: {}, body });

  test.each([
    [
      question,
      'eu-central-1',
      'https://iam.amazonaws.com/',
      '/us-east-1/iam/',
      'Action=GetRole&Version=2010-05-08&RoleName=logs',
    ],
    [
      question,
      'eusc-de-east-1',
      'https://iam.eusc-de-east-1.amazonaws.eu/',
      '/eusc-de-east-1/iam/',
      'Action=GetRole',
    ],
    [
      getPolicy,
      'eu-central-1',
      'https://kms.eu-central-1.amazonaws.com/',
      '/eu-central-1/kms/',
      '{"KeyId":"k"}',
    ],
  ])('%j in %s is signed for the service and its region', async (asked, inRegion, url, scope, body) => {
    await askAwsIn(inRegion, credentials, async (sent) => {
      expect(sent).toMatchObject({ method: 'POST', url, body: expect.stringContaining(body) });
      expect(sent.headers.authorization).toContain(scope);
      return answer(200);
    })(asked);
    expect.assertions(2);
  });

  test.each([
    ['{"__type":"com.amazonaws.kms#AccessDeniedException","Message":"detail"}', 'AccessDeniedException'],
    [
      '<ErrorResponse><Error><Code>AccessDenied</Code><Message>detail</Message></Error></ErrorResponse>',
      'AccessDenied',
    ],
    ['', ''],
  ])('that is refused with %s fails by that name alone', async (body, name) => {
    const refused = askAwsIn(region, credentials, async () => answer(403, body))(question);
    await expect(refused).rejects.toMatchObject({ name, message: 'refused' });
  });
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
