import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type LocalDynamoDb, startDynamoDb } from '../../bin/stand-ins/dynamodb/dynamodb.ts';
import { localTableName } from '../../bin/stand-ins/local-stage.ts';
import {
  type SecretsManager,
  startSecretsManager,
} from '../../bin/stand-ins/secrets-manager/secrets-manager.ts';
import { maxReceiveCount, type Sqs, startSqs } from '../../bin/stand-ins/sqs/sqs.ts';
import { type AwsStandIn, type Endpoints, runScript, startAwsStandIn } from './aws-stand-in.ts';
import { documentedScript, documentedScripts, fillIn } from './documented-commands.ts';

const runbook = '.github/RUNBOOK.md';
const queueUrl = 'https://sqs.us-east-1.amazonaws.com/111122223333/results';
/** What stands for each placeholder. */
const values: Record<string, string> = {
  account: '111122223333',
  region: 'us-east-1',
  'yyyy-mm-dd': '2026-11-27',
  EventId: '1a2b3c4d-0000-4000-8000-000000000000',
  CredentialsSecretName: 'CredentialsSecretProduction69FA0EC5-aBcDeF',
  LaunchKeySecretName: 'LaunchLinksKeySecretProductionD92EFF37-aBcDeF',
  UidRefKeySecretName: 'CredentialsUidRefKeyProduction1A8F1A4E-aBcDeF',
  SessionTableName: localTableName,
  ResultsQueueUrl: queueUrl,
  CallerPolicyArn: 'arn:aws:iam::111122223333:policy/ApiCallersPolicy',
  LogicalResourceId: 'CreateSessionFunctionAliaslive71D8D856',
  'integration id': 'integration-1',
  'the previous version': '6',
  'that commit': 'deployed-2026-11-27',
  id: 'a1b2c3',
  role: 'loan-app',
  'role ARN': 'arn:aws:iam::111122223333:role/logs',
  key: '1a2b3c4d-0000-4000-8000-000000000000',
  'key ARN': 'arn:aws:kms:us-east-1:111122223333:key/1a2b3c4d-0000-4000-8000-000000000000',
  secret: 'CredentialsSecretProduction69FA0EC5-aBcDeF',
  'secret ARN': 'arn:aws:secretsmanager:us-east-1:111122223333:secret:CredentialsSecret-aBcDeF',
  'log group': 'BeginiSession-Production-ApiAccessLog',
  'version with AWSPENDING': '11111111-1111-4111-8111-111111111111',
  'version with AWSPREVIOUS': '22222222-2222-4222-8222-222222222222',
  'version with AWSCURRENT': '33333333-3333-4333-8333-333333333333',
  boundary: 'loan-app-boundary',
  ExecutionPolicyArn: 'arn:aws:iam::111122223333:policy/execution',
  owner: 'lender',
  'owner id': '1',
  repository: 'sessions',
  'repository id': '2',
  // Of lines that the doctor and the rotation command print.
  secretId: 'CredentialsSecretProduction69FA0EC5-aBcDeF',
  secretName: 'CredentialsSecretProduction69FA0EC5-aBcDeF',
  launchKey: 'LaunchLinksKeySecretProductionD92EFF37-aBcDeF',
  label: 'AWSPENDING',
  versionId: '11111111-1111-4111-8111-111111111111',
  'its URL': queueUrl,
  functionName: 'the-function',
  onRecord: '7',
  policyArn: 'arn:aws:iam::111122223333:policy/ApiCallersPolicy',
  roleName: 'logs',
  bucket: 'trails',
  trailArn: 'arn:aws:cloudtrail:us-east-1:111122223333:trail/management-events',
};

let aws: AwsStandIn;
beforeAll(async () => {
  aws = await startAwsStandIn();
});
beforeEach(() => aws.reset());
afterAll(() => aws.close());

/** Runs a script, which must succeed and complain of nothing. @returns what it prints */
async function runs(script: string, endpoints: Endpoints = { aws: aws.origin }) {
  const { exitCode, stdout, stderr } = await runScript(fillIn(script, values), endpoints);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

test.each(documentedScripts().map(({ place, script }) => [place, script] as const))(
  '%s: the AWS CLI accepts each command',
  async (_, script) => {
    const RedrivePolicy = '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111122223333:dead"}';
    aws.answer('sqs:GetQueueAttributes', { Attributes: { RedrivePolicy } });
    // What `aws cloudformation deploy` waits for.
    const stack =
      '<StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-11-27T00:00:00Z</CreationTime>';
    const stacks = `<Stacks><member><StackName>any</StackName>${stack}</member></Stacks>`;
    aws.answer('cloudformation:DescribeStacks', stacks);
    aws.answer('cloudformation:DescribeChangeSet', '<Status>CREATE_COMPLETE</Status>');
    aws.answer('cloudformation:GetTemplateSummary', '<Parameters></Parameters>');
    aws.answer('cloudformation:CreateChangeSet', '<Id>id</Id><StackId>id</StackId>');
    await runs(script);
    expect(aws.calls.length).toBeGreaterThanOrEqual(script.match(/\baws [a-z]/g)?.length ?? 1);
  },
);

describe('who changed the credentials', () => {
  const arn = `arn:aws:secretsmanager:us-east-1:111122223333:secret:${values.CredentialsSecretName}-x1Y2z3`;
  /** As CloudTrail has it: `Resources` names what the request held, here the ARN. */
  const eventOf = (EventName: string, EventId: string, secretId: string) => ({
    EventId,
    EventName,
    EventTime: 1_795_000_000,
    Username: 'someone',
    Resources: [{ ResourceType: 'AWS::SecretsManager::Secret', ResourceName: secretId }],
    CloudTrailEvent: JSON.stringify({
      eventName: EventName,
      sourceIPAddress: '198.51.100.7',
      requestParameters: { secretId },
    }),
  });
  const other = arn.replace('Credentials', 'Others');
  const events = [
    eventOf('PutSecretValue', 'by-another', other),
    eventOf('PutSecretValue', 'ours', arn),
    eventOf('UpdateSecretVersionStage', 'ours-too', arn),
    eventOf('GetSecretValue', 'a-read', arn),
    eventOf('PutSecretValue', 'another-again', other),
  ];
  beforeEach(() => {
    // One event a page, and each attribute must be equal ("LookupEvents", API reference, read November 2026).
    aws.answer('cloudtrail:LookupEvents', (input) => {
      const [{ AttributeKey = '', AttributeValue = '' } = {}] = input.LookupAttributes as Record<
        string,
        string
      >[];
      const found = events.filter((event) =>
        AttributeKey === 'ResourceName'
          ? event.Resources.some(({ ResourceName }) => ResourceName === AttributeValue)
          : event[AttributeKey as 'EventId' | 'EventName'] === AttributeValue,
      );
      const page = Number(input.NextToken ?? 0);
      return { Events: found.slice(page, page + 1), ...(found[page + 1] && { NextToken: String(page + 1) }) };
    });
  });

  test('is found although the call named the ARN, and other secrets are left out', async () => {
    const printed = await runs(documentedScript(runbook, 'AttributeKey=EventName'));
    const lines = printed.split('\n').filter((line) => line !== '');
    expect(lines.map((line) => line.split('\t').slice(1))).toEqual([
      ['PutSecretValue', 'someone', 'ours'],
      ['UpdateSecretVersionStage', 'someone', 'ours-too'],
    ]);
  });

  test('and from where', async () => {
    const script = documentedScript(runbook, 'AttributeKey=EventId').replace('<EventId>', 'ours');
    expect(JSON.parse(await runs(script))).toMatchObject({ sourceIPAddress: '198.51.100.7' });
  });
});

test('the faster roll back finds the function on the second page of a stack, and moves its alias', async () => {
  const summary = (id: string, type: string, name: string) =>
    `<member><LogicalResourceId>${id}</LogicalResourceId><ResourceType>${type}</ResourceType><PhysicalResourceId>${name}</PhysicalResourceId></member>`;
  const first = summary('LaunchLinksLaunchFunction626133B4', 'AWS::Lambda::Function', 'another-function');
  const second =
    summary('CreateSessionFunctionC88785D1', 'AWS::Lambda::Function', 'the-function') +
    summary('CreateSessionFunctionAliaslive71D8D856', 'AWS::Lambda::Alias', 'an-alias');
  const page = (summaries: string) => `<StackResourceSummaries>${summaries}</StackResourceSummaries>`;
  aws.answer('cloudformation:ListStackResources', ({ NextToken }) =>
    NextToken ? page(second) : `${page(first)}<NextToken>2</NextToken>`,
  );
  const alias = '/2015-03-31/functions/the-function/aliases/live';
  aws.answer(`lambda:GET ${alias}`, { FunctionVersion: '7' });
  expect(await runs(documentedScript(runbook, 'update-alias'))).toMatch(/^7\n/);
  expect(aws.calls.map(({ name }) => name)).toEqual([
    'cloudformation:ListStackResources',
    'cloudformation:ListStackResources',
    `lambda:GET ${alias}`,
    'lambda:GET /2015-03-31/functions/the-function/versions',
    `lambda:PUT ${alias}`,
  ]);
  expect(aws.calls.at(-1)?.input).toEqual({
    FunctionVersion: '6',
    RoutingConfig: { AdditionalVersionWeights: {} },
  });
});

test('the account role check prints None where there is none', async () => {
  expect(await runs(documentedScript('lib/README.md', 'cloudwatchRoleArn --output text'))).toBe('None\n');
});

describe('against the stand-ins of npm start', () => {
  const uidRefKey = 'f'.repeat(64);
  let secretsManager: SecretsManager;
  let dynamoDb: LocalDynamoDb;
  let sqs: Sqs;
  let endpoints: Endpoints;
  beforeAll(async () => {
    const { UidRefKeySecretName = '', CredentialsSecretName = '', LaunchKeySecretName = '' } = values;
    secretsManager = await startSecretsManager({
      secrets: {
        [UidRefKeySecretName]: uidRefKey,
        [CredentialsSecretName]: 'first',
        [LaunchKeySecretName]: 'first',
      },
    });
    dynamoDb = await startDynamoDb();
    sqs = await startSqs();
    endpoints = { secretsmanager: secretsManager.url, dynamodb: dynamoDb.origin, sqs: sqs.origin };
  });
  afterAll(() => Promise.all([secretsManager.close(), dynamoDb.close(), sqs.close()]));
  const runsThere = (script: string) => runs(script, endpoints);
  const hmac = (text: string) => createHmac('sha256', uidRefKey).update(text).digest('hex');

  test('one applicant is found', async () => {
    const printed = await runsThere(documentedScript(runbook, 'UID_TO_FIND'));
    expect(printed).toBe(`${hmac('ABCDE-12345').slice(0, 12)}\n`);
  });

  test('and forgotten, and nobody else', async () => {
    const put = (uid: string) =>
      dynamoDb.run('PutItem', {
        TableName: localTableName,
        Item: { pk: { S: hmac(`session:integration-1:${uid}`) } },
      });
    await put('ABCDE-12345');
    await put('ABCDE-12346');
    await runsThere(documentedScript(runbook, 'UID_TO_FORGET'));
    expect(await dynamoDb.items()).toEqual([{ pk: { S: hmac('session:integration-1:ABCDE-12346') } }]);
  });

  test('dead results are counted, shown and moved back', async () => {
    sqs.send('results', { body: '{"uid":"ABCDE-12345"}', attributes: {} });
    for (let receives = 0; receives <= maxReceiveCount; receives += 1) {
      await fetch(sqs.origin, {
        method: 'POST',
        headers: { 'X-Amz-Target': 'AmazonSQS.ReceiveMessage' },
        body: JSON.stringify({ QueueUrl: sqs.queueUrl('results'), VisibilityTimeout: 0 }),
      });
    }
    expect(sqs.messages('dead')).toHaveLength(1);
    // At once, instead of the 30 seconds that the runbook has one wait.
    const move = documentedScript(runbook, 'start-message-move-task').replace('-timeout 30', '-timeout 0');
    const printed = await runsThere(move.replace('<ResultsQueueUrl>', sqs.queueUrl('results')));
    expect(printed).toContain('"ApproximateNumberOfMessages": "1"');
    expect(printed).toContain('{"uid":"ABCDE-12345"}');
    expect(sqs.messages('dead')).toEqual([]);
    expect(sqs.messages('results')).toHaveLength(1);
  });

  test('a value goes in, is used again after another one, and a label that was left is removed', async () => {
    const secret = values.CredentialsSecretName ?? '';
    await runsThere(documentedScript('lib/README.md', 'put-secret-value'));
    const labels = async () => {
      const described = await runsThere(`aws secretsmanager describe-secret --secret-id ${secret}`);
      const { VersionIdsToStages } = JSON.parse(described) as {
        VersionIdsToStages: Record<string, string[]>;
      };
      return (label: string) =>
        Object.entries(VersionIdsToStages).find(([, all]) => all.includes(label))?.[0] ?? 'none';
    };
    const before = await labels();
    const [current, previous] = [before('AWSCURRENT'), before('AWSPREVIOUS')];
    await runsThere(
      documentedScript('bin/README.md', '--move-to-version-id')
        .replace('<version with AWSPREVIOUS>', previous)
        .replace('<version with AWSCURRENT>', current),
    );
    expect((await labels())('AWSCURRENT')).toBe(previous);
  });
});
