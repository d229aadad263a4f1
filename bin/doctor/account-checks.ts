import { type APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { ListSubscriptionsByTopicCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Stage } from '../../lib/stages/stages.ts';
import type { AskAws } from './ask-aws.ts';
import type { Check } from './check.ts';
import type { Found } from './findings.ts';
import { servicesWithout } from './resource-policy.ts';

/** Below it, a busy hour of one function leaves none for the others. A new account may have 10. */
const enoughConcurrency = 100;

/** What all stacks of an account and region share. */
export function accountChecks(apiGateway: APIGatewayClient, lambda: LambdaClient, askAws: AskAws): Check[] {
  return [
    {
      group: 'stack',
      name: 'API Gateway may write access logs',
      action: 'apigateway:GET, iam:GetRole',
      async run() {
        const { cloudwatchRoleArn } = await apiGateway.send(new GetAccountCommand({}));
        return cloudwatchRoleArn ? await checkTrust(askAws, cloudwatchRoleArn) : { code: 'log_role_missing' };
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

/** A role can be deleted or changed while the account still names it: API Gateway then writes nothing, and says nothing. */
async function checkTrust(askAws: AskAws, roleArn: string): Promise<Found> {
  const roleName = roleArn.split('/').at(-1) ?? '';
  const question = { service: 'iam', operation: 'GetRole', input: { RoleName: roleName } } as const;
  const answer = await askAws(question).catch((error) => {
    if (error.name !== 'NoSuchEntity') throw error;
  });
  if (answer === undefined) return { code: 'log_role_gone', roleName };
  const [, policy = '%7B%7D'] = /<AssumeRolePolicyDocument>([^<]*)</.exec(answer) ?? [];
  const missing = servicesWithout(decodeURIComponent(policy), 'sts:AssumeRole', ['apigateway.amazonaws.com']);
  return missing.length === 0 ? { code: 'log_role_set' } : { code: 'log_role_not_trusted', roleName };
}

/** A trail of `DescribeTrails`, shadows of trails of other regions and of the organization included. */
type Trail = { TrailARN?: string; HomeRegion?: string; IsMultiRegionTrail?: boolean };

/** Without a trail, no event reaches EventBridge: nobody is told that the pair was changed. */
export function trailCheck(askAws: AskAws, region: string): Check {
  return {
    group: 'alarms',
    name: 'a trail records changes of the pair',
    action: 'cloudtrail:DescribeTrails, cloudtrail:GetTrailStatus',
    async run() {
      const ask = async (operation: 'DescribeTrails' | 'GetTrailStatus', input: Record<string, string>) =>
        JSON.parse(await askAws({ service: 'cloudtrail', operation, input }));
      const { trailList = [] } = (await ask('DescribeTrails', {})) as { trailList?: Trail[] };
      const arns = trailList
        .filter(({ IsMultiRegionTrail, HomeRegion }) => IsMultiRegionTrail || HomeRegion === region)
        .map(({ TrailARN = '' }) => TrailARN);
      for (const Name of arns) {
        const { IsLogging } = (await ask('GetTrailStatus', { Name })) as { IsLogging?: boolean };
        if (IsLogging) return { code: 'trail_records' };
      }
      return arns[0] === undefined ? { code: 'no_trail' } : { code: 'trail_stopped', trailArn: arns[0] };
    },
  };
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
