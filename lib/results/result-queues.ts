import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ServiceFunction } from '../lambda/service-function.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import type { StageProps } from '../stage-props.ts';

/** As long as Amazon SQS keeps a message. */
const retention = Duration.days(14);

/** A consumer that fails this often on a result will not succeed without a person. */
const mostReceives = 10;

/**
 * The queues of results: Amazon SQS is the store, the retry and the dead-letter engine. There is no redrive-allow policy:
 * the two queues would have to name each other.
 */
export class ResultQueues extends Construct {
  /** The queue that the lender takes results from. */
  readonly results: Queue;
  /** Results that were received ten times and never deleted. */
  readonly dead: Queue;
  /** Signed events that are no result of this stage. */
  readonly setAside: Queue;
  readonly #encryptionKey: IKey | undefined;

  constructor(scope: Construct, id: string, { stage, encryptionKey }: StageProps) {
    super(scope, id);
    this.#encryptionKey = encryptionKey;
    const shared = {
      retentionPeriod: retention,
      enforceSSL: true,
      removalPolicy: removalPolicyOf(stage),
      ...(encryptionKey
        ? { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionKey }
        : { encryption: QueueEncryption.SQS_MANAGED }),
    };
    this.dead = new Queue(this, 'Dead', shared);
    this.setAside = new Queue(this, 'SetAside', shared);
    this.results = new Queue(this, 'Results', {
      ...shared,
      deadLetterQueue: { queue: this.dead, maxReceiveCount: mostReceives },
    });
    const redrivePolicyRule = 'Serverless-SQSRedrivePolicy';
    Validations.of(this.dead).acknowledge({
      id: redrivePolicyRule,
      reason: 'It is the dead-letter queue itself.',
    });
    for (const id of ['AwsSolutions-SQS3', redrivePolicyRule]) {
      const reason = 'No program takes messages from it: a person reads them.';
      Validations.of(this.setAside).acknowledge({ id, reason });
    }
  }

  get arns(): string[] {
    return [this.results, this.dead, this.setAside].map(({ queueArn }) => queueArn);
  }

  /** Lets a function put results and other signed events into their queues, and nothing else. */
  letSend(serviceFunction: ServiceFunction): void {
    const statements = [
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        resources: [this.results.queueArn, this.setAside.queueArn],
      }),
      // "Configuring AWS KMS permissions", Amazon SQS developer guide (read November 2026): a producer needs both.
      ...this.keyStatements(['kms:GenerateDataKey', 'kms:Decrypt']),
    ];
    for (const statement of statements) serviceFunction.grantPrincipal.addToPrincipalPolicy(statement);
    serviceFunction.environment.addResultQueues(this.results, this.setAside);
  }

  /** Allows use of the key that encrypts the queues, if any, through Amazon SQS. */
  keyStatements(actions: string[]): PolicyStatement[] {
    if (!this.#encryptionKey) return [];
    return [
      new PolicyStatement({
        actions,
        resources: [this.#encryptionKey.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `sqs.${Stack.of(this).region}.amazonaws.com` } },
      }),
    ];
  }
}
