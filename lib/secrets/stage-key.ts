import { ArnFormat, Stack } from 'aws-cdk-lib';
import { type IPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { removalPolicyOf } from '../removal-policy.ts';
import type { Stage } from '../stages/stages.ts';

export interface StageKeyProps {
  stage: Stage;
}

/**
 * The stage's own KMS key, for its secrets, its log groups and its alarm topic. Services may use it only for resources
 * of this stack, which are recognised by their names: CloudFormation starts each name with the stack's name.
 */
export class StageKey extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string, { stage }: StageKeyProps) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: `Secrets, logs and alarms of Begini sessions, stage ${stage.name}`,
      enableKeyRotation: true,
      removalPolicy: removalPolicyOf(stage),
    });
    this.#allowLogs();
    this.#allowAlarms();
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html (November 2026). */
  #allowLogs(): void {
    const stack = Stack.of(this);
    const logGroups = [`${stack.stackName}-*`, `aws-waf-logs-${stack.stackName}-*`].map((resourceName) =>
      stack.formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    );
    this.#allow(
      new ServicePrincipal(`logs.${stack.region}.amazonaws.com`),
      ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': logGroups } },
    );
  }

  /** https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html (November 2026). */
  #allowAlarms(): void {
    const stack = Stack.of(this);
    const ofThisStack = {
      ArnLike: {
        'kms:EncryptionContext:aws:sns:topicArn': stack.formatArn({
          service: 'sns',
          resource: `${stack.stackName}-*`,
        }),
      },
    };
    const publish = ['kms:Decrypt', 'kms:GenerateDataKey*'];
    this.#allow(new ServicePrincipal('cloudwatch.amazonaws.com'), publish, {
      ...ofThisStack,
      StringEquals: { 'aws:SourceAccount': stack.account },
    });
    // Without the source account: the page says that EventBridge does not support it, so no notice would arrive.
    this.#allow(new ServicePrincipal('events.amazonaws.com'), publish, ofThisStack);
  }

  #allow(principal: IPrincipal, actions: string[], conditions: Record<string, unknown>): void {
    this.key.addToResourcePolicy(
      // In a key's policy, every resource is this key.
      new PolicyStatement({ principals: [principal], actions, resources: ['*'], conditions }),
    );
  }
}
