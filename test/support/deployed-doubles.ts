import { APIGatewayClient, GetAccountCommand, GetApiKeyCommand } from '@aws-sdk/client-api-gateway';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
} from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetAccountSettingsCommand, GetAliasCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetTopicAttributesCommand, ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import type { AskAws, AwsQuestion } from '../../bin/doctor/ask-aws.ts';
import { version } from '../../functions/version.ts';
import { articlesOf, nameAlarm } from '../../lib/monitoring/runbook.ts';

/** A resource of a deployed stack, as ListStackResources describes it. */
const stackResource = (
  LogicalResourceId: string,
  ResourceType: string,
  PhysicalResourceId: string,
  ResourceStatus: 'UPDATE_COMPLETE' | 'DELETE_SKIPPED' = 'UPDATE_COMPLETE',
) => ({
  LogicalResourceId,
  ResourceType,
  PhysicalResourceId,
  ResourceStatus,
  LastUpdatedTimestamp: new Date(0),
});

/** A call of AWS by the doctor: `cloudwatch:DescribeAlarms`, and what was sent. */
export type AwsCall = { action: string; input: Record<string, unknown> };

const functionArn = 'arn:aws:lambda:eu-central-1:111122223333:function:create-session';

/** The outputs of a stack with all that a stage can have, which answers at `address`. */
export const outputsAt = (address: string) => ({
  SessionsUrl: `${address}/sessions`,
  CredentialsSecretName: 'begini-session/demo/credentials',
  LaunchKeySecretName: 'begini-session/demo/launch-key',
  AlarmTopicArn: 'arn:aws:sns:eu-central-1:111122223333:BeginiSession-Demo-Alarms',
  CallerPolicyArn: 'arn:aws:iam::111122223333:policy/callers',
  SessionTableName: 'BeginiSession-Demo-Sessions',
  ResultsQueueUrl: queueUrl('results'),
  ResultsSetAsideQueueUrl: queueUrl('set-aside'),
  WebhookUrl: `${address}/webhooks/begini`,
});

/** Where a queue of the stage is. */
export const queueUrl = (name: string) => `https://sqs.eu-central-1.amazonaws.com/111122223333/${name}`;

/** The secret of a pair that a rotation put in, as DescribeSecret describes it. */
export const secretInUse = () => ({
  VersionIdsToStages: { used: ['AWSCURRENT'], before: ['AWSPREVIOUS'] },
  RotationEnabled: true,
  RotationRules: { AutomaticallyAfterDays: 90 },
  CreatedDate: new Date(),
  LastRotatedDate: new Date(),
});

/** What the doctor asks without an SDK client, and what a stage that can go live gets. */
export const questions = {
  GetPolicy: '<AttachmentCount>1</AttachmentCount>',
  GetRole: `<AssumeRolePolicyDocument>${encodeURIComponent(
    JSON.stringify({
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'apigateway.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    }),
  )}</AssumeRolePolicyDocument>`,
  GetKeyPolicy: JSON.stringify({ Policy: policyFor(['kms:Decrypt', 'kms:GenerateDataKey*']) }),
  DescribeTrails: JSON.stringify({
    trailList: [
      { TrailARN: 'arn:aws:cloudtrail:us-east-1:111122223333:trail/all', IsMultiRegionTrail: true },
    ],
  }),
  GetTrailStatus: '{"IsLogging":true}',
} satisfies Record<AwsQuestion['operation'], string>;

/** A policy that lets alarms and notices through. */
export function policyFor(Action: string | string[]): string {
  const Principal = { Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com'] };
  return JSON.stringify({ Statement: [{ Effect: 'Allow', Principal, Action, Resource: '*' }] });
}

/**
 * Doubles of every service that the doctor asks, for all clients of this process. They answer as those of an account
 * whose stage `Demo` can go live, until a test says otherwise.
 */
export function doubleAws() {
  const doubles = {
    cloudformation: mockClient(CloudFormationClient),
    secretsmanager: mockClient(SecretsManagerClient),
    sns: mockClient(SNSClient),
    cloudwatch: mockClient(CloudWatchClient),
    apigateway: mockClient(APIGatewayClient),
    lambda: mockClient(LambdaClient),
    dynamodb: mockClient(DynamoDBClient),
    sqs: mockClient(SQSClient),
  };

  const asked: AwsQuestion[] = [];
  let answers: Partial<Record<AwsQuestion['operation'], string | Error>> = {};
  const askAws: AskAws = async (question) => {
    asked.push(question);
    const answer = answers[question.operation] ?? questions[question.operation];
    if (answer instanceof Error) throw answer;
    return answer;
  };

  function reset(outputs: Record<string, string>, stack: Partial<Stack> = {}): void {
    for (const double of Object.values(doubles)) double.reset();
    asked.length = 0;
    answers = {};
    doubles.cloudformation.on(DescribeStacksCommand).resolves({
      Stacks: [
        {
          StackName: 'BeginiSession-Demo',
          StackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/BeginiSession-Demo/1a2b',
          StackStatus: 'UPDATE_COMPLETE',
          Description: `Hands applicants over, stage Demo, version ${version}`,
          CreationTime: new Date(0),
          EnableTerminationProtection: true,
          Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
          ...stack,
        },
      ],
    });
    doubles.cloudformation
      .on(ListStackResourcesCommand)
      .resolves({
        StackResourceSummaries: [
          stackResource('Version7', 'AWS::Lambda::Version', `${functionArn}:7`),
          stackResource('Version6', 'AWS::Lambda::Version', `${functionArn}:6`, 'DELETE_SKIPPED'),
          stackResource('AnotherLogGroup', 'AWS::Logs::LogGroup', 'another'),
        ],
        NextToken: 'more',
      })
      .on(ListStackResourcesCommand, { StackName: 'BeginiSession-Demo', NextToken: 'more' })
      .resolves({
        StackResourceSummaries: [
          stackResource('Live7', 'AWS::Lambda::Alias', `${functionArn}:live`),
          stackResource('ApiAccessLog7', 'AWS::Logs::LogGroup', 'access-log'),
        ],
      });
    doubles.secretsmanager.on(DescribeSecretCommand).resolves(secretInUse());
    doubles.sns
      .on(ListSubscriptionsByTopicCommand)
      .resolves({ Subscriptions: [{ SubscriptionArn: 'arn:aws:sns:eu-central-1:111122223333:topic:id' }] });
    doubles.sns.on(GetTopicAttributesCommand).resolves({
      Attributes: { Policy: policyFor('sns:Publish'), KmsMasterKeyId: 'key-of-the-topic' },
    });
    const articles = articlesOf({ resume: true, launchLinks: true, results: {} });
    doubles.cloudwatch.on(DescribeAlarmsCommand).resolves({
      MetricAlarms: articles.map((article) => ({
        AlarmName: nameAlarm('BeginiSession-Demo', article),
        StateValue: 'OK',
      })),
    });
    doubles.cloudwatch.on(GetMetricStatisticsCommand).resolves({ Datapoints: [{ Sum: 3, Maximum: 60 }] });
    doubles.sqs.on(GetQueueAttributesCommand).resolves({
      Attributes: { RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:111122223333:dead"}' },
    });
    doubles.sqs
      .on(GetQueueAttributesCommand, {
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      })
      .resolves({
        Attributes: { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' },
      });
    doubles.sqs.on(ListQueuesCommand).resolves({});
    doubles.apigateway
      .on(GetAccountCommand)
      .resolves({ cloudwatchRoleArn: 'arn:aws:iam::111122223333:role/service-role/logs' });
    doubles.apigateway.on(GetApiKeyCommand).resolves({ value: 'key-of-a-loan-app' });
    doubles.lambda.on(GetAliasCommand).resolves({ FunctionVersion: '7' });
    doubles.lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 1000 } });
    doubles.dynamodb.on(DescribeTableCommand).resolves({ Table: { TableStatus: 'ACTIVE' } });
    doubles.dynamodb.on(DescribeTimeToLiveCommand).resolves({
      TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' },
    });
  }

  const calls = (): AwsCall[] => [
    ...Object.entries(doubles).flatMap(([service, double]) =>
      double.calls().map(({ args: [command] }) => ({
        action: `${service}:${command.constructor.name.replace(/Command$/, '')}`,
        input: { ...command.input },
      })),
    ),
    ...asked.map(({ service, operation, input }) => ({ action: `${service}:${operation}`, input })),
  ];
  /** Answers what is asked without an SDK client otherwise, from now on. */
  const answerAsked = (others: typeof answers) => {
    answers = { ...answers, ...others };
  };
  return { ...doubles, askAws, answerAsked, reset, calls };
}
