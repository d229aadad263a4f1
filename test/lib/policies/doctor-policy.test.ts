import { ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { deployedChecks } from '../../../bin/doctor/deployed-checks.ts';
import { runChecks } from '../../../bin/doctor/run-checks.ts';
import { startLoopbackServer } from '../../../bin/stand-ins/loopback.ts';
import { readStages } from '../../../lib/stages/stages.ts';
import { type AwsCall, doubleAws, policyFor } from '../../support/deployed-doubles.ts';
import { accountId, Policies } from '../../support/policies.ts';
import { fullRow, templateOf } from '../../support/templates.ts';
import { unusedRights } from '../unused-rights.ts';

const aws = doubleAws();
const environment = { ...process.env };
beforeAll(() => {
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
  });
});
afterAll(() => {
  process.env = environment;
});

const arn = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:${accountId}:${rest}`;
const only = (template: Template, type: string) => Object.keys(template.findResources(type))[0] ?? '';

/** The right that one call of AWS needs. */
function rightFor({ action, input }: AwsCall): { action: string; resource: string } {
  switch (action) {
    case 'cloudformation:DescribeStacks':
    case 'cloudformation:ListStackResources':
      return { action, resource: arn('cloudformation', `stack/${input.StackName}/1a2b`) };
    case 'secretsmanager:DescribeSecret':
      return { action, resource: String(input.SecretId) };
    case 'sns:ListSubscriptionsByTopic':
    case 'sns:GetTopicAttributes':
      return { action, resource: String(input.TopicArn) };
    case 'dynamodb:DescribeTable':
    case 'dynamodb:DescribeTimeToLive':
      return { action, resource: arn('dynamodb', `table/${input.TableName}`) };
    case 'sqs:GetQueueAttributes':
      return { action, resource: arn('sqs', String(input.QueueUrl).split('/').at(-1) ?? '') };
    // API Gateway's actions are HTTP methods, on paths of its own.
    case 'apigateway:GetAccount':
      return { action: 'apigateway:GET', resource: 'arn:aws:apigateway:eu-central-1::/account' };
    case 'apigateway:GetApiKey':
      return {
        action: 'apigateway:GET',
        resource: `arn:aws:apigateway:eu-central-1::/apikeys/${input.apiKey}`,
      };
    case 'lambda:GetAlias':
      return { action, resource: arn('lambda', `function:${input.FunctionName}`) };
    case 'iam:GetPolicy':
      return { action, resource: String(input.PolicyArn) };
    case 'iam:GetRole':
      return { action, resource: `arn:aws:iam::${accountId}:role/${input.RoleName}` };
    case 'kms:GetKeyPolicy':
      return { action, resource: String(input.KeyId) };
    case 'cloudtrail:DescribeTrails':
    case 'cloudtrail:GetTrailStatus':
    case 'lambda:GetAccountSettings':
    case 'cloudwatch:DescribeAlarms':
    case 'cloudwatch:GetMetricStatistics':
    case 'sqs:ListQueues':
      return { action, resource: '*' };
    default:
      throw new Error(`The doctor calls ${action}: say here what that needs`);
  }
}

/** Runs every check of a stage, and says which rights that takes. */
async function rightsUsedBy(row: object, template: Template, policies: Policies) {
  const [stage] = readStages({ Demo: row });
  if (!stage) throw new Error('the table has one row');
  const called = new Set<string>();
  const server = await startLoopbackServer({
    listener: async (request, response) => {
      if (request.headers.authorization?.includes('AKIDEXAMPLE'))
        called.add(`${request.method}${request.url}`);
      response.writeHead(403).end();
    },
  });
  const queueUrl = (name: string) =>
    `https://sqs.eu-central-1.amazonaws.com/${policies.arnOf('AWS::SQS::Queue', `ResultsQueues${name}`).split(':').slice(-2).join('/')}`;
  const secret = 'AWS::SecretsManager::Secret';
  const hasTopic = only(template, 'AWS::SNS::Topic') !== '';
  const topicArn = hasTopic ? policies.arnOf('AWS::SNS::Topic') : stage.alarmTopicArn;
  const apiKey = only(template, 'AWS::ApiGateway::ApiKey');
  aws.reset({
    SessionsUrl: `${server.origin}/demo/sessions`,
    CredentialsSecretName: policies.arnOf(secret, 'CredentialsSecret'),
    ...(topicArn && { AlarmTopicArn: topicArn }),
    ...(stage.callerAuth === 'iam' && {
      CallerPolicyArn: policies.arnOf('AWS::IAM::ManagedPolicy', 'Callers'),
    }),
    ...(stage.launchLinks && { LaunchKeySecretName: policies.arnOf(secret, 'LaunchLinksKey') }),
    ...(stage.resume && { SessionTableName: only(template, 'AWS::DynamoDB::Table') }),
    ...(apiKey && { ApiKeyIdLoanApp: apiKey }),
    ...(stage.results && {
      ResultsQueueUrl: queueUrl('Results'),
      ResultsSetAsideQueueUrl: queueUrl('SetAside'),
      WebhookUrl: `${server.origin}/demo/webhooks/begini`,
    }),
  });
  const KmsMasterKeyId = hasTopic ? policies.arnOf('AWS::KMS::Key') : arn('kms', 'key/of-the-existing-topic');
  aws.sns
    .on(GetTopicAttributesCommand)
    .resolves({ Attributes: { Policy: policyFor('sns:Publish'), KmsMasterKeyId } });
  const aliases = Object.entries(template.findResources('AWS::Lambda::Alias')).map(
    ([id, { Properties }]) => ({
      LogicalResourceId: id,
      ResourceType: 'AWS::Lambda::Alias',
      PhysicalResourceId: arn('lambda', `function:${Properties.FunctionName.Ref}:live`),
      ResourceStatus: 'CREATE_COMPLETE' as const,
      LastUpdatedTimestamp: new Date(0),
    }),
  );
  aws.cloudformation.on(ListStackResourcesCommand).resolves({ StackResourceSummaries: aliases });
  if (stage.results) {
    const deadLetterTargetArn = policies.arnOf('AWS::SQS::Queue', 'ResultsQueuesDead');
    aws.sqs
      .on(GetQueueAttributesCommand, { AttributeNames: ['RedrivePolicy'] })
      .resolves({ Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn }) } });
  }
  const { checks } = await deployedChecks(stage, { handOff: true, environment: {}, askAws: aws.askAws });
  await runChecks(checks, () => undefined);
  await server.close();
  const api = only(template, 'AWS::ApiGateway::RestApi');
  const invoked = [...called].map((path) => ({
    action: 'execute-api:Invoke',
    resource: arn('execute-api', `${api}${path.replace(/^POST\/demo/, '/demo/POST')}`),
  }));
  return [...aws.calls().map(rightFor), ...invoked];
}

describe.each([
  ['iam and results', fullRow('production')],
  ['an existing topic', { environment: 'test', alarmTopicArn: arn('sns', 'on-call') }],
  [
    'an API key, no table, no links, and nobody who is told',
    {
      environment: 'test',
      callerAuth: 'api-key',
      allowedSourceIps: ['192.0.2.1'],
      resume: false,
      launchLinks: false,
    },
  ],
])('in a stage with %s,', (_, row) => {
  const template = templateOf(row);
  const policies = new Policies(template);
  const doctor = policies.holderOf('Doctor');
  let used: { action: string; resource: string }[];
  beforeAll(async () => {
    used = await rightsUsedBy(row, template, policies);
  });

  test('the doctor may do all that its checks do', () => {
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((right) => !policies.allows({ principal: doctor, ...right }))).toEqual([]);
  });

  test('and nothing else: each action on each resource of its policy is used', () => {
    expect(
      unusedRights(
        policies,
        doctor,
        used.map((right) => ({ principal: doctor, ...right })),
      ),
    ).toEqual([]);
  });

  test.each([
    ['secretsmanager:GetSecretValue', policies.arnOf('AWS::SecretsManager::Secret', 'CredentialsSecret')],
    ['secretsmanager:DescribeSecret', arn('secretsmanager', 'secret:another-AbCdEf')],
    ['secretsmanager:DescribeSecret', policies.arnOf('AWS::SecretsManager::Secret', 'UidRefKey')],
    ['cloudformation:DescribeStacks', arn('cloudformation', 'stack/BeginiSession-Other/1a2b')],
    ['apigateway:GET', 'arn:aws:apigateway:eu-central-1::/restapis/another'],
    ['apigateway:PATCH', 'arn:aws:apigateway:eu-central-1::/account'],
    ['dynamodb:GetItem', arn('dynamodb', `table/${only(template, 'AWS::DynamoDB::Table')}`)],
    ['cloudwatch:SetAlarmState', '*'],
  ])('nothing lets it %s on %s', (action, resource) => {
    expect(policies.allows({ principal: doctor, action, resource })).toBe(false);
  });
});
