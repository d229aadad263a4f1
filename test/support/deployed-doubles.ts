import { APIGatewayClient, GetAccountCommand, GetApiKeyCommand } from '@aws-sdk/client-api-gateway';
import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
} from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { articlesOf, nameAlarm } from '../../lib/monitoring/runbook.ts';

/** A call of AWS by the doctor: `cloudwatch:DescribeAlarms`, and what was sent. */
export type AwsCall = { action: string; input: Record<string, unknown> };

/** A queue of the stage. */
export const queueArn = (name: string) => `arn:aws:sqs:eu-central-1:111122223333:${name}`;

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

  function reset(outputs: Record<string, string>, stack: Partial<Stack> = {}): void {
    for (const double of Object.values(doubles)) double.reset();
    doubles.cloudformation.on(DescribeStacksCommand).resolves({
      Stacks: [
        {
          StackName: 'BeginiSession-Demo',
          StackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/BeginiSession-Demo/1a2b',
          StackStatus: 'UPDATE_COMPLETE',
          CreationTime: new Date(0),
          EnableTerminationProtection: true,
          Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
          ...stack,
        },
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
    doubles.lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 1000 } });
    doubles.dynamodb.on(DescribeTableCommand).resolves({ Table: { TableStatus: 'ACTIVE' } });
    doubles.dynamodb.on(DescribeTimeToLiveCommand).resolves({
      TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' },
    });
  }

  const calls = (): AwsCall[] =>
    Object.entries(doubles).flatMap(([service, double]) =>
      double.calls().map(({ args: [command] }) => ({
        action: `${service}:${command.constructor.name.replace(/Command$/, '')}`,
        input: { ...command.input },
      })),
    );
  return { ...doubles, reset, calls };
}
