import { GetAccountCommand } from '@aws-sdk/client-api-gateway';
import type { Stack } from '@aws-sdk/client-cloudformation';
import { DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { GetAccountSettingsCommand, GetAliasCommand } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { GetTopicAttributesCommand, ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { askAwsIn } from '../../../bin/doctor/ask-aws.ts';
import type { Check } from '../../../bin/doctor/check.ts';
import { deployedChecks } from '../../../bin/doctor/deployed-checks.ts';
import { putIntoWords, type Status } from '../../../bin/doctor/findings.ts';
import { runChecks } from '../../../bin/doctor/run-checks.ts';
import { version } from '../../../functions/version.ts';
import { articlesOf, nameAlarm } from '../../../lib/monitoring/runbook.ts';
import { readStages } from '../../../lib/stages/stages.ts';
import {
  doubleAws,
  outputsAt,
  policyFor,
  questions,
  queueUrl,
  secretInUse,
} from '../../support/deployed-doubles.ts';
import { examine } from '../../support/examine.ts';

const region = 'eu-central-1';
const outputs = outputsAt('https://abcde12345.execute-api.eu-central-1.amazonaws.com/demo');
const aws = doubleAws();
beforeEach(() => aws.reset(outputs));

/** What one check of a production stage finds, and says. */
async function find(check: string, environment = 'production') {
  const [stage] = readStages({ Demo: { environment, region, results: true } });
  if (!stage) throw new Error('the table has one row');
  const { target, checks } = await deployedChecks(stage, {
    handOff: false,
    environment: { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' },
    askAws: aws.askAws,
  });
  const [finding] = await runChecks(
    checks.filter(({ name }) => name === check),
    () => undefined,
  );
  if (!finding) throw new Error(`there is no check "${check}"`);
  return { ...finding.found, ...putIntoWords(finding.found, target) };
}

/** Holds what a check says of each of these states of AWS: what it finds, and behind an arrow what to do. */
function judges(check: string, states: [Status, what: string, arrange: () => unknown, said: string][]): void {
  test.each(states)(`${check}: %s for %s`, async (status, _, arrange, said) => {
    arrange();
    const { found, next, ...finding } = await find(check);
    expect([finding.status, next ? `${found} → ${next}` : found]).toEqual([
      status,
      expect.stringContaining(said),
    ]);
  });
}

const refusal = (name: string) => Object.assign(new Error('refused'), { name });
const ago = (days: number) => new Date(Date.now() - days * 86_400_000);
const undo = 'does not exist → Read "Undo a change by hand"';

const secret = (change: object) => () =>
  aws.secretsmanager.on(DescribeSecretCommand).resolves({ ...secretInUse(), ...change });
const versions = (change: Record<string, string[]>) =>
  secret({ VersionIdsToStages: { ...secretInUse().VersionIdsToStages, ...change } });
const onlyFirst = { VersionIdsToStages: { used: ['AWSCURRENT'] } };
const pair = 'the pair of API key and integration id';
const rotate = ' → npm run rotate -- --stage demo';
judges(pair, [
  ['ok', 'a pair that a rotation put in', versions({}), ''],
  ['ok', 'AWSPENDING that stayed on it', versions({ used: ['AWSCURRENT', 'AWSPENDING'] }), ''],
  ['ok', 'a renewal with the pair that was in use already', versions({ next: ['BEGINI_SAME'] }), ''],
  ['to do', 'a pair that was never put in', secret(onlyFirst), 'npm run rotate -- --stage demo'],
  [
    'to do',
    'a staged pair',
    versions({ next: ['BEGINI_NEXT'] }),
    '--version-stage BEGINI_NEXT --remove-from-version-id next',
  ],
  ['to do', 'one that Begini refused', versions({ next: ['BEGINI_REFUSED_401'] }), 'is the key complete'],
  [
    'wrong',
    'a foreign AWSPENDING',
    versions({ next: ['AWSPENDING'] }),
    '--secret-id begini-session/demo/credentials --version-stage AWSPENDING --remove-from-version-id next',
  ],
  ['wrong', 'no version in use', secret({ VersionIdsToStages: { before: ['AWSPREVIOUS'] } }), rotate],
  ['wrong', 'no schedule', secret({ RotationEnabled: false }), ' → npx cdk deploy BeginiSession-Demo'],
  ['ok', 'a date that is to come', secret({ NextRotationDate: ago(-1) }), ''],
  ['to do', 'a date that has passed', secret({ NextRotationDate: ago(2) }), rotate],
  ['to do', 'a last rotation that is too long ago', secret({ LastRotatedDate: ago(92) }), rotate],
  ['to do', 'a pair that no rotation put in', secret({ LastRotatedDate: undefined }), rotate],
  ['ok', 'one rotated in time', secret({ CreatedDate: ago(500), LastRotatedDate: ago(80) }), ''],
  [
    'wrong',
    'a secret that will be deleted',
    secret({ DeletedDate: ago(1) }),
    'restore-secret --secret-id begini-session/demo/credentials',
  ],
  [
    'wrong',
    'a secret that was deleted',
    () => aws.secretsmanager.on(DescribeSecretCommand).rejects(refusal('ResourceNotFoundException')),
    `the secret begini-session/demo/credentials ${undo}`,
  ],
]);

test('a secret is not called set: its value is not read, and a pair that no rotation put in is said to be untested', async () => {
  expect((await find(pair)).found).toBe('its labels are in order; its value is not read');
  secret({ LastRotatedDate: undefined })();
  expect((await find(pair)).found).toMatch(/not put in by a rotation.*never tested.*its value is not read$/);
});

judges('the key of the launch links', [
  ['ok', 'a key that was never rotated', secret({ ...onlyFirst, LastRotatedDate: undefined }), ''],
  [
    'wrong',
    'no version in use',
    secret({ VersionIdsToStages: {} }),
    'aws --region eu-central-1 secretsmanager rotate-secret --secret-id begini-session/demo/launch-key',
  ],
]);

const articles = articlesOf({ resume: true, launchLinks: true, results: {} });
const alarms =
  (change: (heading: string) => object, missing = 0) =>
  () => {
    const all = articles.slice(missing).map((article) => ({
      AlarmName: nameAlarm('BeginiSession-Demo', article),
      StateValue: 'OK' as const,
      ...change(article.heading),
    }));
    // Composite ones are listed apart from the others.
    aws.cloudwatch
      .on(DescribeAlarmsCommand, { AlarmTypes: ['CompositeAlarm', 'MetricAlarm'] })
      .resolves({ MetricAlarms: all.slice(3), CompositeAlarms: all.slice(0, 3) });
  };
const raised = (word: string) =>
  alarms((heading) => (heading.includes(word) ? { StateValue: 'ALARM' as const } : {}));
judges('every alarm exists, and none is raised', [
  ['ok', 'quiet ones', alarms(() => ({})), 'none is raised'],
  [
    'wrong',
    'one that is missing',
    alarms(() => ({}), 1),
    'missing: "Begini refuses our credentials" → npx cdk deploy BeginiSession-Demo',
  ],
  [
    'wrong',
    'a raised one that wakes somebody',
    raised('defect'),
    'raised: "The service has a defect" → Read the article of that name in .github/RUNBOOK.md',
  ],
  ['to do', 'a raised one that can wait', raised('slow'), 'raised: '],
  ['to do', 'disabled ones', alarms(() => ({ ActionsEnabled: false })), 'Alarm actions: Enable'],
]);

const receivers = 'somebody receives the alarms';
const subscriptions =
  (...arns: string[]) =>
  () =>
    aws.sns
      .on(ListSubscriptionsByTopicCommand)
      .resolves({ Subscriptions: arns.map((SubscriptionArn) => ({ SubscriptionArn })) });
const { AlarmTopicArn: _topic, ...withoutTopic } = outputs;
judges(receivers, [
  ['ok', 'a confirmed address', subscriptions('arn:aws:sns:eu-central-1:123456789012:topic:id'), ''],
  ['to do', 'one that is not confirmed', subscriptions('PendingConfirmation'), 'Confirm subscription'],
  ['to do', 'no address', subscriptions(), 'SNS → Topics → BeginiSession-Demo-Alarms → Create subscription'],
  ['to do', 'no topic', () => aws.reset(withoutTopic), 'stages.Demo.alarmEmail'],
  [
    'wrong',
    'a topic that was deleted',
    () => aws.sns.on(ListSubscriptionsByTopicCommand).rejects(refusal('NotFoundException')),
    `the topic BeginiSession-Demo-Alarms ${undo}`,
  ],
]);

test('of a test stage, nobody need receive the alarms', async () => {
  aws.reset(withoutTopic);
  expect(await find(receivers, 'test')).toMatchObject({ status: 'ok', code: 'nobody_needed' });
});

const asked = (answers: Parameters<typeof aws.answerAsked>[0]) => () => aws.answerAsked(answers);
judges('API Gateway may write access logs', [
  ['ok', 'a role that trusts it', asked({}), ''],
  [
    'wrong',
    'no role',
    () => aws.apigateway.on(GetAccountCommand).resolves({}),
    'npx cdk deploy BeginiSession-Demo -c apiGatewayAccountRole=create',
  ],
  ['wrong', 'a role that was deleted', asked({ GetRole: refusal('NoSuchEntity') }), 'API Gateway → Settings'],
  [
    'wrong',
    'a role that trusts another service',
    asked({ GetRole: questions.GetRole.replace('apigateway', 'lambda') }),
    'aws --region eu-central-1 iam update-assume-role-policy --role-name logs',
  ],
  ['not checked', 'a right that is missing', asked({ GetRole: refusal('AccessDenied') }), 'iam:GetRole'],
]);
judges('the quota of concurrent executions of Lambda', [
  [
    'to do',
    'a quota of 10',
    () => aws.lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 10 } }),
    'it is 10 → Service Quotas → AWS Lambda → Concurrent executions → Request increase',
  ],
]);

const [cloudWatch, eventBridge] = ['cloudwatch.amazonaws.com', 'events.amazonaws.com'];
const publish = policyFor('sns:Publish');
const allow = (Service: string, Action: string, more: object = {}) => ({
  Effect: 'Allow',
  Principal: { Service },
  Action,
  ...more,
});
const sourceAccount = { Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } } };
const everyone = { Effect: 'Allow', Principal: { AWS: '*' }, Action: ['SNS:Publish'] };
const topic = (Policy: string | object[], KmsMasterKeyId?: string, keyPolicy?: string) => () => {
  const policy = typeof Policy === 'string' ? Policy : JSON.stringify({ Statement: Policy });
  const Attributes = { Policy: policy, ...(KmsMasterKeyId && { KmsMasterKeyId }) };
  aws.sns.on(GetTopicAttributesCommand).resolves({ Attributes });
  if (keyPolicy) aws.answerAsked({ GetKeyPolicy: JSON.stringify({ Policy: keyPolicy }) });
};
judges('alarms may publish to the topic', [
  ['ok', 'a policy that lets both publish', topic(publish), ''],
  [
    'ok',
    'alarms with a condition',
    topic([allow(cloudWatch, 'sns:Publish', sourceAccount), allow(eventBridge, '*')]),
    '',
  ],
  ['ok', 'a key that lets them use it', topic(publish, 'k'), ''],
  ['wrong', 'a policy that names nobody', topic([]), `"Service":["${cloudWatch}","${eventBridge}"]`],
  [
    'wrong',
    'notices with a condition, which EventBridge does not meet',
    topic([{ ...everyone, ...sourceAccount }]),
    `"Service":["${eventBridge}"]`,
  ],
  ['wrong', 'a key of AWS', topic(publish, 'alias/aws/sns'), 'Encryption'],
  [
    'wrong',
    'a key that lets nobody decrypt',
    topic(publish, 'k', policyFor('kms:GenerateDataKey')),
    'k → Key policy → Edit, add: {"Effect":"Allow"',
  ],
  ['to do', 'a key that is named by an alias', topic(publish, 'alias/k'), 'get-key-policy'],
]);

const trails = (trailList: object[], IsLogging = true) =>
  asked({ DescribeTrails: JSON.stringify({ trailList }), GetTrailStatus: JSON.stringify({ IsLogging }) });
judges('a trail records changes of the pair', [
  ['ok', 'one of all regions', trails([{ TrailARN: 'all', IsMultiRegionTrail: true }]), ''],
  ['ok', 'one of this region', trails([{ TrailARN: 'own', HomeRegion: region }]), ''],
  ['to do', 'no trail', trails([]), 'cloudtrail create-trail'],
  ['to do', 'one of another region', trails([{ TrailARN: 'far', HomeRegion: 'us-west-2' }]), 'create-trail'],
  [
    'to do',
    'one that is stopped',
    trails([{ TrailARN: 'own', HomeRegion: region }], false),
    'start-logging --name own',
  ],
]);

const stack = (change: Partial<Stack>) => () => aws.reset(outputs, change);
const events = 'CloudFormation → Stacks → BeginiSession-Demo → Events says why';
judges('the last deployment', [
  ['ok', 'a stack that was created', stack({ StackStatus: 'CREATE_COMPLETE' }), ''],
  ['to do', 'one in progress', stack({ StackStatus: 'UPDATE_IN_PROGRESS' }), 'Wait until it has ended'],
  ['to do', 'one that was rolled back', stack({ StackStatus: 'UPDATE_ROLLBACK_COMPLETE' }), events],
  ['wrong', 'one that could not be', stack({ StackStatus: 'UPDATE_ROLLBACK_FAILED' }), 'cannot roll back'],
  ['wrong', 'one that failed', stack({ StackStatus: 'ROLLBACK_FAILED' }), events],
  ['to do', 'no protection', stack({ EnableTerminationProtection: false }), 'Edit termination protection'],
]);
judges('the deployed version', [
  [
    'to do',
    'another version than the checkout',
    stack({ Description: 'stage Demo, version 1.0.0' }),
    `the stack has 1.0.0, and this checkout is ${version} → Check out the deployed version, and run its doctor. Or deploy this one: npx cdk deploy BeginiSession-Demo`,
  ],
]);

const alias = (change: object) => () =>
  aws.lambda.on(GetAliasCommand, { FunctionName: 'create-session', Name: 'live' }).resolves(change);
judges('each alias is on one version', [
  ['ok', 'the version on record', asked({}), '1, as CloudFormation has them on record'],
  [
    'to do',
    'a weight that a canary left',
    alias({ FunctionVersion: '7', RoutingConfig: { AdditionalVersionWeights: { 8: 0.1 } } }),
    'update-alias --function-name create-session --name live --routing-config AdditionalVersionWeights={}',
  ],
  [
    'to do',
    'one that was moved by hand',
    alias({ FunctionVersion: '6' }),
    'update-alias --function-name create-session --name live --function-version 7',
  ],
  ['to do', 'a canary', stack({ StackStatus: 'UPDATE_IN_PROGRESS' }), 'Wait until it has ended'],
]);

const metric = (Namespace: string, query: object, ...Datapoints: object[]) =>
  aws.cloudwatch.on(GetMetricStatisticsCommand, { Namespace, ...query }).resolves({ Datapoints });
const logLines = (...points: object[]) =>
  metric('AWS/Logs', { Dimensions: [{ Name: 'LogGroupName', Value: 'access-log' }] }, ...points);
const requests = (...points: object[]) => {
  const Dimensions = [
    { Name: 'ApiName', Value: 'BeginiSession-Demo' },
    { Name: 'Stage', Value: 'demo' },
  ];
  metric('AWS/ApiGateway', { MetricName: 'Count', Dimensions }, ...points);
};
judges('the access log is written', [
  ['ok', 'a line for each request', () => logLines({ Sum: 30 }, { Sum: 12 }), '42 lines in a day'],
  [
    'wrong',
    'no line',
    () => logLines(),
    '3 requests in a day, and not one line → Fix the line "API Gateway may write access logs" first. If that is ok, give the role the policy service-role/AmazonAPIGatewayPushToCloudWatchLogs.',
  ],
  [
    'to do',
    'no request',
    () => {
      logLines();
      requests();
    },
    'Run the doctor again in half an hour',
  ],
]);
judges('a loan app has the caller policy', [
  [
    'to do',
    'one that nobody has',
    asked({ GetPolicy: '<AttachmentCount>0</AttachmentCount>' }),
    'iam attach-role-policy --policy-arn arn:aws:iam::111122223333:policy/callers',
  ],
]);

const table = 'the table BeginiSession-Demo-Sessions';
const deletedTable = refusal('ResourceNotFoundException');
judges('the table of sessions', [
  ['wrong', 'one that was deleted', () => aws.dynamodb.on(DescribeTableCommand).rejects(deletedTable), undo],
]);
judges('expired sessions are deleted', [
  [
    'wrong',
    'TTL that is off',
    () =>
      aws.dynamodb
        .on(DescribeTimeToLiveCommand)
        .resolves({ TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } }),
    'Time to Live',
  ],
  [
    'wrong',
    'a table that was deleted',
    () => aws.dynamodb.on(DescribeTimeToLiveCommand).rejects(deletedTable),
    `${table} ${undo}`,
  ],
]);

const verified = (...points: object[]) =>
  metric('BeginiSession/Demo', { MetricName: 'ResultsVerified' }, ...points);
judges('events of Begini arrive', [
  ['to do', 'no event', () => verified(), 'Press the test button'],
  ['ok', 'three of them', () => verified({ Sum: 2 }, { Sum: 1 }), '3 in the last day'],
]);

/** The oldest result waited long ten minutes ago, and this long five minutes ago. */
const oldest = (Maximum?: number) => () => {
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const points = [
    { Maximum, Timestamp: at(5) },
    { Maximum: 1e6, Timestamp: at(10) },
  ];
  metric('AWS/SQS', { MetricName: 'ApproximateAgeOfOldestMessage' }, ...(Maximum ? points : []));
};
judges('someone takes results', [
  ['ok', 'no result', oldest(), 'none waits'],
  ['ok', 'one of less than an hour', oldest(3_599), 'none waits'],
  ['to do', 'one of an hour', oldest(3_600), 'has waited for 1 h → Start the system that takes results'],
  ['wrong', 'one of three days', oldest(72 * 3_600), 'has waited for 72 h, and after 14 days'],
]);
judges('no result is dead or set aside', [
  [
    'to do',
    'messages in the queue that the redrive policy names',
    () =>
      aws.sqs.on(GetQueueAttributesCommand, { QueueUrl: queueUrl('dead') }).resolves({
        Attributes: { ApproximateNumberOfMessages: '1', ApproximateNumberOfMessagesNotVisible: '1' },
      }),
    '2 dead, 0 set aside',
  ],
]);
judges('no queue was left behind', [
  [
    'to do',
    'one of an earlier deployment',
    () =>
      aws.sqs.on(ListQueuesCommand, { QueueNamePrefix: 'BeginiSession-Demo-Results' }).resolves({
        QueueUrls: ['results', 'set-aside', 'dead', 'BeginiSession-Demo-ResultsOLD'].map(queueUrl),
      }),
    'no stack has these: BeginiSession-Demo-ResultsOLD → ',
  ],
]);

describe('a question without an SDK client', () => {
  const credentials = async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' });
  const getRole = { service: 'iam', operation: 'GetRole', input: { RoleName: 'logs' } } as const;
  const getPolicy = { service: 'kms', operation: 'GetKeyPolicy', input: { KeyId: 'k' } } as const;
  const answer = (status: number, body = '') => ({ status, headers: {}, body });

  test.each([
    [
      getRole,
      region,
      'iam.amazonaws.com',
      'us-east-1/iam',
      'Action=GetRole&Version=2010-05-08&RoleName=logs',
    ],
    [getRole, 'eusc-de-east-1', 'iam.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1/iam', 'Action=GetRole'],
    [getPolicy, region, 'kms.eu-central-1.amazonaws.com', 'eu-central-1/kms', '{"KeyId":"k"}'],
  ])('%j in %s is signed for the service and its region', async (question, inRegion, host, scope, body) => {
    await askAwsIn(inRegion, credentials, async (sent) => {
      const url = `https://${host}/`;
      expect(sent).toMatchObject({ method: 'POST', url, body: expect.stringContaining(body) });
      expect(sent.headers.authorization).toContain(`/${scope}/`);
      return answer(200);
    })(question);
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
    const refused = askAwsIn(region, credentials, async () => answer(403, body))(getRole);
    await expect(refused).rejects.toMatchObject({ name, message: 'refused' });
  });
});

test('a check that does not end is given up', async () => {
  const endless: Check = { group: 'stack', name: 'endless', run: () => new Promise(() => undefined) };
  const limits = { checkTimeoutMs: 5, totalTimeoutMs: 1000 };
  expect(await examine([endless], limits)).toMatchObject([{ status: 'not checked' }]);
});
