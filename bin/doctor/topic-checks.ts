import { GetTopicAttributesCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { AskAws } from './ask-aws.ts';
import type { Check } from './check.ts';
import type { Found } from './findings.ts';
import { servicesWithout } from './resource-policy.ts';

const cloudWatch = 'cloudwatch.amazonaws.com';
/** It sends the notice of changed credentials, and meets no condition in a topic's policy: see `AlarmTopic`. */
const eventBridge = 'events.amazonaws.com';
const publishers = [cloudWatch, eventBridge];

/** Whether alarms and notices get into the topic. */
export function topicCheck(sns: SNSClient, askAws: AskAws, topicArn: string): Check {
  const topicName = topicArn.split(':').at(-1) ?? '';
  return {
    group: 'alarms',
    name: 'alarms may publish to the topic',
    action: 'sns:GetTopicAttributes, kms:GetKeyPolicy',
    resource: `the topic ${topicName}, or its key`,
    async run() {
      const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }));
      const { Policy = '{}', KmsMasterKeyId: keyId } = Attributes;
      const services = servicesWithout(Policy, 'sns:Publish', publishers, (one) => one === cloudWatch);
      if (services.length > 0) return { code: 'topic_closed', topicName, topicArn, services };
      return keyId ? await checkKey(askAws, keyId, topicName) : { code: 'topic_open' };
    },
  };
}

async function checkKey(askAws: AskAws, keyId: string, topicName: string): Promise<Found> {
  // Nobody can change the policy of a key of AWS.
  if (keyId.endsWith('alias/aws/sns')) return { code: 'topic_key_of_aws', topicName };
  // GetKeyPolicy takes no alias (API reference, read November 2026).
  if (keyId.includes('alias/')) return { code: 'topic_key_unknown', keyId };
  const input = { KeyId: keyId, PolicyName: 'default' };
  const answer = await askAws({ service: 'kms', operation: 'GetKeyPolicy', input });
  const { Policy = '{}' } = JSON.parse(answer) as { Policy?: string };
  const missing = ['kms:Decrypt', 'kms:GenerateDataKey'].flatMap((action) =>
    servicesWithout(Policy, action, publishers),
  );
  const services = [...new Set(missing)];
  return services.length === 0 ? { code: 'topic_open' } : { code: 'topic_key_closed', keyId, services };
}
