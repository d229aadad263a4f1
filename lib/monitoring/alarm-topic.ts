import { Annotations, Stack, Validations } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { StageProps } from '../stage-props.ts';

/**
 * Where alarms go: the stage's own topic for `alarmEmail`, or the topic of `alarmTopicArn`. Its key must let CloudWatch
 * and EventBridge use it.
 */
export class AlarmTopic extends Construct {
  /** Absent if the stage has no receiver of alarms. */
  readonly topic: ITopic | undefined;

  constructor(scope: Construct, id: string, { stage, encryptionKey }: StageProps) {
    super(scope, id);
    if (stage.alarmTopicArn) {
      this.topic = Topic.fromTopicArn(this, 'Existing', stage.alarmTopicArn);
    } else if (stage.alarmEmail) {
      this.topic = this.#createTopic(stage.name, stage.alarmEmail, encryptionKey);
    } else if (stage.environment === 'production') {
      Annotations.of(this).addWarningV2(
        'begini-session:NobodyToNotify',
        `Nobody receives the alarms of ${stage.name}: set stages.${stage.name}.alarmEmail or alarmTopicArn in cdk.json.`,
      );
    }
  }

  #createTopic(stageName: string, email: string, encryptionKey: IKey | undefined): Topic {
    const topic = new Topic(this, 'Topic', {
      displayName: `Begini sessions, stage ${stageName}`,
      ...(encryptionKey && { masterKey: encryptionKey }),
    });
    Validations.of(topic.addSubscription(new EmailSubscription(email))).acknowledge({
      id: 'Serverless-SNSRedrivePolicy',
      reason: 'A queue would not deliver failed mail either; the alarm stays raised, and on the dashboard.',
    });
    const publish = { actions: ['sns:Publish'], resources: [topic.topicArn] };
    topic.addToResourcePolicy(
      new PolicyStatement({
        ...publish,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    topic.addToResourcePolicy(
      // Without a condition: EventBridge meets none in a topic's policy, so no notice would arrive.
      // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html (November 2026)
      new PolicyStatement({ ...publish, principals: [new ServicePrincipal('events.amazonaws.com')] }),
    );
    topic.addToResourcePolicy(
      new PolicyStatement({
        ...publish,
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
    return topic;
  }
}
