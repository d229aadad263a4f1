import { type APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { ListSubscriptionsByTopicCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Stage } from '../../lib/stages/stages.ts';
import type { Check } from './check.ts';

/** Below it, a busy hour of one function leaves none for the others. A new account may have 10. */
const enoughConcurrency = 100;

/** What all stacks of an account and region share. */
export function accountChecks(apiGateway: APIGatewayClient, lambda: LambdaClient): Check[] {
  return [
    {
      group: 'stack',
      name: 'API Gateway may write access logs',
      action: 'apigateway:GET',
      async run() {
        const { cloudwatchRoleArn } = await apiGateway.send(new GetAccountCommand({}));
        return { code: cloudwatchRoleArn ? 'log_role_set' : 'log_role_missing' };
      },
    },
    {
      group: 'stack',
      name: 'the quota of concurrent executions of Lambda',
      action: 'lambda:GetAccountSettings',
      async run() {
        const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
        const quota = AccountLimit?.ConcurrentExecutions ?? 0;
        return { code: quota >= enoughConcurrency ? 'concurrency_enough' : 'concurrency_low', quota };
      },
    },
  ];
}

/** Whether a person gets the alarms. */
export function receiverCheck(
  sns: SNSClient,
  { environment }: Pick<Stage, 'environment'>,
  topicArn: string | undefined,
): Check {
  const topicName = topicArn?.split(':').at(-1) ?? '';
  return {
    group: 'alarms',
    name: 'somebody receives the alarms',
    action: 'sns:ListSubscriptionsByTopic',
    resource: `the topic ${topicName}`,
    async run() {
      if (!topicArn) return { code: environment === 'test' ? 'nobody_needed' : 'no_topic' };
      const command = new ListSubscriptionsByTopicCommand({ TopicArn: topicArn });
      const { Subscriptions = [] } = await sns.send(command);
      if (Subscriptions.length === 0) return { code: 'no_subscriber', topicName };
      const isConfirmed = Subscriptions.some((one) => one.SubscriptionArn?.startsWith('arn:'));
      return { code: isConfirmed ? 'confirmed' : 'not_confirmed' };
    },
  };
}
