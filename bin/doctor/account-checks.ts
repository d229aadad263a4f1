import { type APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { ListSubscriptionsByTopicCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Stage } from '../../lib/stages/stages.ts';
import { type Check, type Commands, ok, toDo, wrong } from './check.ts';

/** Below it, a busy hour of one function leaves none for the others. A new account may have 10. */
const enoughConcurrency = 100;

/** What all stacks of an account and region share. */
export function accountChecks(
  apiGateway: APIGatewayClient,
  lambda: LambdaClient,
  stageName: string,
  { deploy }: Commands,
): Check[] {
  return [
    {
      group: 'stack',
      name: 'API Gateway may write access logs',
      action: 'apigateway:GET',
      async run() {
        const { cloudwatchRoleArn } = await apiGateway.send(new GetAccountCommand({}));
        if (cloudwatchRoleArn) return ok('the account has its role');
        return wrong(
          'the account has no role for it',
          `Set "apiGatewayAccountRole": "create" in stages.${stageName} of cdk.json, then: ${deploy}`,
        );
      },
    },
    {
      group: 'stack',
      name: 'the quota of concurrent executions of Lambda',
      action: 'lambda:GetAccountSettings',
      async run() {
        const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
        const quota = AccountLimit?.ConcurrentExecutions ?? 0;
        if (quota >= enoughConcurrency) return ok(String(quota));
        return toDo(
          `it is ${quota}`,
          'Service Quotas → AWS Lambda → Concurrent executions → Request increase: ask for 1,000.',
        );
      },
    },
  ];
}

/** Whether a person gets the alarms. */
export function receiverCheck(
  sns: SNSClient,
  stage: Pick<Stage, 'name' | 'environment'>,
  topicArn: string | undefined,
  { deploy }: Commands,
): Check {
  return {
    group: 'who is told',
    name: 'somebody receives the alarms',
    action: 'sns:ListSubscriptionsByTopic',
    async run() {
      if (!topicArn) {
        if (stage.environment === 'test') return ok('nobody, which a test stage may do');
        return toDo('nobody', `Set stages.${stage.name}.alarmEmail in cdk.json, then: ${deploy}`);
      }
      const command = new ListSubscriptionsByTopicCommand({ TopicArn: topicArn });
      const { Subscriptions = [] } = await sns.send(command);
      if (Subscriptions.some((one) => one.SubscriptionArn?.startsWith('arn:'))) return ok('confirmed');
      if (Subscriptions.length === 0) {
        return toDo(
          'nobody subscribes to the topic',
          `SNS → Topics → ${topicArn.split(':').at(-1)} → Create subscription.`,
        );
      }
      return toDo(
        'the subscription is not confirmed',
        'Open the mail "AWS Notification - Subscription Confirmation" and click "Confirm subscription".',
      );
    },
  };
}
