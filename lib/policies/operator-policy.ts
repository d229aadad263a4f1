import { Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { verdictLabels, versionLabels } from '../../functions/credentials/version-labels.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { ResultQueues } from '../results/result-queues.ts';
import { secretKeyStatements } from '../secrets/secret-permissions.ts';
import type { Stage } from '../stages/stages.ts';
import { acknowledgeOwnStack, describeOwnStack } from './own-stack.ts';

export interface OperatorPolicyProps {
  stage: Stage;
  credentials: Credentials;
  rotateCredentials: IFunction;
}

/**
 * What `npm run rotate` needs, for a person's role: to stage a pair and to rotate, not to read one. It also reads the
 * key of the pseudonyms, to find one applicant's log lines.
 *
 * It cannot limit PutSecretValue to a label: of the condition keys of Secrets Manager only UpdateSecretVersionStage and
 * GetSecretValue have `secretsmanager:VersionStage` ("Actions, resources, and condition keys for AWS Secrets Manager",
 * read November 2026). A person who may stage a pair can therefore also put one in use untested.
 */
export class OperatorPolicy extends Construct {
  readonly managedPolicyArn: string;
  readonly #policy: ManagedPolicy;
  readonly #credentials: Credentials;

  constructor(scope: Construct, id: string, { stage, credentials, rotateCredentials }: OperatorPolicyProps) {
    super(scope, id);
    const resources = [credentials.secret.secretArn];
    const policy = new ManagedPolicy(this, 'Policy', {
      description: `Allows an operator to rotate the Begini credentials, stage ${stage.name}`,
      statements: [
        new PolicyStatement({
          actions: [
            'secretsmanager:DescribeSecret',
            'secretsmanager:PutSecretValue',
            'secretsmanager:RotateSecret',
          ],
          resources,
        }),
        new PolicyStatement({
          actions: ['secretsmanager:UpdateSecretVersionStage'],
          resources,
          conditions: { StringEquals: { 'secretsmanager:VersionStage': operatorLabels } },
        }),
        ...denyChangesOfTheRotation(resources),
        // RotateSecret requires it (API reference, read November 2026).
        new PolicyStatement({
          actions: ['lambda:InvokeFunction'],
          resources: [rotateCredentials.functionArn],
        }),
        describeOwnStack(this),
        new PolicyStatement({
          actions: ['secretsmanager:GetSecretValue'],
          resources: [credentials.uidRefKey.secretArn],
        }),
        ...secretKeyStatements(credentials.secret, ['kms:Decrypt', 'kms:GenerateDataKey']),
        ...secretKeyStatements(credentials.uidRefKey, ['kms:Decrypt']),
      ],
    });
    acknowledgeOwnStack(policy);
    this.#policy = policy;
    this.#credentials = credentials;
    this.managedPolicyArn = policy.managedPolicyArn;
  }

  /** Lets the operator delete the row of one applicant, who then gets a new session, but not read rows. */
  allowForgetting(tableArn: string): void {
    this.#policy.addStatements(
      new PolicyStatement({ actions: ['dynamodb:DeleteItem'], resources: [tableArn] }),
    );
  }

  /**
   * Lets the operator move dead results back to their queue, and look at one first: what "Configure a dead-letter queue
   * redrive" lists (Amazon SQS developer guide, read November 2026).
   */
  allowRedrive(queues: ResultQueues): void {
    this.#policy.addStatements(
      new PolicyStatement({
        actions: [
          'sqs:StartMessageMoveTask',
          'sqs:CancelMessageMoveTask',
          'sqs:ListMessageMoveTasks',
          'sqs:ReceiveMessage',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
        ],
        resources: [queues.dead.queueArn],
      }),
      new PolicyStatement({
        actions: ['sqs:SendMessage', 'sqs:GetQueueAttributes'],
        resources: [queues.results.queueArn],
      }),
      ...queues.keyStatements(['kms:Decrypt', 'kms:GenerateDataKey']),
    );
  }

  /** Lets the operator mark the pair in use as compromised, so that it verifies no result once it is renewed. */
  allowMarkingCompromised(): void {
    this.#policy.addStatements(
      new PolicyStatement({
        actions: ['secretsmanager:UpdateSecretVersionStage'],
        resources: [this.#credentials.secret.secretArn],
        conditions: { StringEquals: { 'secretsmanager:VersionStage': versionLabels.compromised } },
      }),
    );
  }

  /** Lets the operator renew a secret that needs no input, such as the launch key. */
  allowRenewal(secret: Secret, rotate: IFunction): void {
    const resources = [secret.secretArn];
    this.#policy.addStatements(
      new PolicyStatement({
        actions: ['secretsmanager:DescribeSecret', 'secretsmanager:RotateSecret'],
        resources,
      }),
      // RotateSecret fails while AWSPENDING is left on another version than the current one.
      new PolicyStatement({
        actions: ['secretsmanager:UpdateSecretVersionStage'],
        resources,
        conditions: { StringEquals: { 'secretsmanager:VersionStage': versionLabels.pending } },
      }),
      ...denyChangesOfTheRotation(resources),
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [rotate.functionArn] }),
    );
  }
}

/**
 * To withdraw a staged pair, to remove the labels that a rotation left, and to clear the verdict on an earlier pair.
 */
const operatorLabels = [versionLabels.next, versionLabels.pending, ...Object.values(verdictLabels)];

/**
 * RotateSecret also sets up rotation: another function would get the pair, another schedule would move the deadline. It
 * is denied, not just left out, so that a broader policy of the same role does not allow it.
 */
function denyChangesOfTheRotation(resources: string[]): PolicyStatement[] {
  const deny = { effect: Effect.DENY, actions: ['secretsmanager:RotateSecret'], resources };
  return [
    new PolicyStatement({ ...deny, conditions: { Null: { 'secretsmanager:RotationLambdaARN': 'false' } } }),
    new PolicyStatement({ ...deny, conditions: { Bool: { 'secretsmanager:ModifyRotationRules': 'true' } } }),
  ];
}
