import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnRotationSchedule } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { rotationStepTimeoutMs } from '../functions/shared/deadlines.ts';
import { environmentNames } from '../functions/shared/environment.ts';
import type { Credentials } from './credentials.ts';
import { OperatorPolicy } from './operator-policy.ts';
import { allowSecretKey } from './secret-key.ts';
import { SessionFunction } from './session-function.ts';
import type { Stage } from './stages.ts';

/** What is rotated, and by which code. */
export interface CredentialsRotationProps {
  stage: Stage;
  credentials: Credentials;
  /** The folder of the bundle of rotate-credentials. */
  bundle: string;
  /** For the log group; absent, the key that CloudWatch has for all. */
  encryptionKey?: IKey | undefined;
}

/** The function that rotates the pair, the deadline by which a new one must be staged, and the operator’s policy. */
export class CredentialsRotation extends Construct {
  readonly rotateCredentials: SessionFunction;
  readonly operatorPolicy: OperatorPolicy;

  constructor(scope: Construct, id: string, props: CredentialsRotationProps) {
    super(scope, id);
    const { stage, credentials, bundle, encryptionKey } = props;
    const { secret } = credentials;
    this.rotateCredentials = new SessionFunction(this, 'RotateCredentials', {
      stage,
      encryptionKey,
      description: `Rotates the Begini credentials, stage ${stage.name}`,
      bundle,
      timeoutMs: rotationStepTimeoutMs,
      environment: {
        [environmentNames.stage]: stage.path,
        [environmentNames.credentialsSecretArn]: secret.secretArn,
        [environmentNames.hmac]: stage.hmac ? 'on' : 'off',
      },
    });
    this.rotateCredentials.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [
          'secretsmanager:DescribeSecret',
          'secretsmanager:GetSecretValue',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        resources: [secret.secretArn],
      }),
    );
    allowSecretKey(secret, this.rotateCredentials, ['kms:Decrypt', 'kms:GenerateDataKey']);
    Validations.of(this.rotateCredentials).acknowledge({
      id: 'Serverless-LambdaDLQ',
      reason:
        'Secrets Manager repeats a rotation that failed, and an alarm tells of it; the event itself says nothing.',
    });
    // With the ARN the function rotates this secret alone; the account keeps another's from getting at it
    // ("Permissions for rotation", Secrets Manager user guide, read November 2026).
    this.rotateCredentials.lambda.addPermission('SecretsManager', {
      principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: Stack.of(this).account,
      sourceArn: secret.secretArn,
    });
    this.#addSchedule(stage, secret.secretArn);
    this.operatorPolicy = new OperatorPolicy(this, 'Operator', {
      stage,
      credentials,
      rotateCredentials: this.rotateCredentials.lambda,
    });
  }

  /**
   * Not CDK's `RotationSchedule`, which adds a permission without a source and writes to the secret's key policy.
   * Setting the schedule up makes Secrets Manager try the function out, for which it needs its role and permission.
   */
  #addSchedule(stage: Stage, secretId: string): void {
    const schedule = new CfnRotationSchedule(this, 'Schedule', {
      secretId,
      rotationLambdaArn: this.rotateCredentials.lambda.functionArn,
      rotateImmediatelyOnUpdate: false,
      rotationRules: { automaticallyAfterDays: stage.rotationDays },
    });
    schedule.node.addDependency(this.rotateCredentials);
  }
}
