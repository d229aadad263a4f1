import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnRotationSchedule, type Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { ServiceFunction } from '../lambda/service-function.ts';
import { allowDescribeKey, allowSecretKey } from './secret-permissions.ts';

export interface RotationScheduleProps {
  secret: Secret;
  /** The function that runs the rotation's steps. */
  rotate: ServiceFunction;
  /** What the steps do to the secret. */
  actions: string[];
  automaticallyAfterDays: number;
}

/**
 * Lets Secrets Manager rotate a secret with a function, which gets only the permissions it needs on this secret; a
 * deployment never starts a rotation.
 *
 * Not CDK's `RotationSchedule`, which adds a permission without a source and writes to the secret's key policy. When
 * the schedule is set up, Secrets Manager tests the function, which then needs its role and permission.
 */
export function scheduleRotation(
  scope: Construct,
  { secret, rotate, actions, automaticallyAfterDays }: RotationScheduleProps,
): void {
  rotate.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [secret.secretArn] }));
  allowSecretKey(secret, rotate, ['kms:Decrypt', 'kms:GenerateDataKey']);
  allowDescribeKey(secret, rotate);
  Validations.of(rotate).acknowledge({
    id: 'Serverless-LambdaDLQ',
    reason:
      'Secrets Manager retries a failed rotation, and an alarm reports it; the event itself is of no use.',
  });
  // With the ARN, the function rotates only this secret; the account keeps out the secrets of other accounts
  // ("Permissions for rotation", Secrets Manager user guide, read November 2026).
  rotate.lambda.addPermission('SecretsManager', {
    principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
    sourceAccount: Stack.of(scope).account,
    sourceArn: secret.secretArn,
  });
  const schedule = new CfnRotationSchedule(scope, 'Schedule', {
    secretId: secret.secretArn,
    rotationLambdaArn: rotate.lambda.functionArn,
    rotationRules: { automaticallyAfterDays },
    rotateImmediatelyOnUpdate: false,
  });
  schedule.node.addDependency(rotate);
}
