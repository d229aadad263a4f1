import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Stage } from '../stages/stages.ts';
import { describeAlarm, runbookArticles } from './runbook.ts';

export interface CredentialsWatchProps {
  stage: Stage;
  secret: Secret;
  topic: ITopic;
}

/**
 * Notifies when the secret's current version has changed, no matter who did it. It sees the events that a CloudTrail
 * trail of the account records: https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-eventbridge.html
 * (November 2026).
 */
export class CredentialsWatch extends Construct {
  constructor(scope: Construct, id: string, { stage, secret, topic }: CredentialsWatchProps) {
    super(scope, id);
    const meaning = `The credentials of ${stage.name} were changed: their secret has a new current version (AWSCURRENT).`;
    const article = runbookArticles.credentialsChanged;
    const rule = new Rule(this, 'Rule', {
      // Without the address: a rule's description has at most 512 characters.
      description: describeAlarm(meaning, article),
      eventPattern: {
        source: ['aws.secretsmanager'],
        detailType: ['AWS API Call via CloudTrail'],
        detail: {
          eventSource: ['secretsmanager.amazonaws.com'],
          errorCode: [{ exists: false }],
          // A call may name the secret in each of these ways.
          requestParameters: { secretId: [secret.secretArn, arnWithoutSuffix(secret), secret.secretName] },
          // A new value moves the label too, unless the call names other labels, as for a pair that is staged
          // for a rotation.
          $or: [
            {
              eventName: ['UpdateSecretVersionStage'],
              requestParameters: { versionStage: ['AWSCURRENT'] },
            },
            { eventName: ['PutSecretValue'], requestParameters: { versionStages: ['AWSCURRENT'] } },
            { eventName: ['PutSecretValue'], requestParameters: { versionStages: [{ exists: false }] } },
            { eventName: ['UpdateSecret'] },
          ],
        },
      },
    });
    // Not CDK's own target, which warns about any topic if the row does not repeat its region.
    rule.addTarget({
      bind: () => ({
        arn: topic.topicArn,
        input: RuleTargetInput.fromText(describeAlarm(meaning, article, stage.runbookUrl)),
      }),
    });
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason: 'EventBridge tries for 24 hours; after that the notice is useless. CloudTrail keeps the event.',
    });
  }
}

/** Secrets Manager also accepts an ARN without the six characters at its end. */
function arnWithoutSuffix(secret: Secret): string {
  return Stack.of(secret).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: secret.secretName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
