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
export const stackResource = (
  LogicalResourceId: string,
  ResourceType: string,
  PhysicalResourceId: string,
) => ({
  LogicalResourceId,
  ResourceType,
  PhysicalResourceId,
  ResourceStatus: 'UPDATE_COMPLETE' as const,
  LastUpdatedTimestamp: new Date(0),
});

/** A call of AWS by the doctor: `cloudwatch:DescribeAlarms`, and what was sent. */
export type AwsCall = { action: string; input: Record<string, unknown> };

/** A queue of the stage. */
export const queueArn = (name: string) => `arn:aws:sqs:eu-central-1:111122223333:${name}`;

const functionArn = 'arn:aws:lambda:eu-central-1:111122223333:function:create-session';

/** What the doctor asks without an SDK client, and what a stage that can go live gets. */
const questions = {
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
  let answers: Partial<Record<AwsQuestion['operation'], string>> = {};
  const askAws: AskAws = async (question) => {
    asked.push(question);
    return answers[question.operation] ?? questions[question.operation];
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
        StackResourceSummaries: [stackResource('ApiAccessLog7', 'AWS::Logs::LogGroup', 'access-log')],
        NextToken: 'more',
      })
      .on(ListStackResourcesCommand, { NextToken: 'more' })
      .resolves({
        StackResourceSummaries: [
          stackResource('Version7', 'AWS::Lambda::Version', `${functionArn}:7`),
          stackResource('Live7', 'AWS::Lambda::Alias', `${functionArn}:live`),
        ],
      });
    doubles.secretsmanager.on(DescribeSecretCommand).resolves({
      VersionIdsToStages: { used: ['AWSCURRENT'], before: ['AWSPREVIOUS'] },
      RotationEnabled: true,
      RotationRules: { AutomaticallyAfterDays: 90 },
      CreatedDate: new Date(),
      LastRotatedDate: new Date(),
    });
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
      Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('dead') }) },
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
      .resolves({ cloudwatchRoleArn: 'arn:aws:iam::111122223333:role/x' });
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
