import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnRotationSchedule, type Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { ServiceFunction } from '../lambda/service-function.ts';
import { allowDescribeKey, allowSecretKey } from './secret-permissions.ts';

/** Which secret is rotated, by which function, and when. */
export interface RotationScheduleProps {
  secret: Secret;
  /** The function that runs the rotation's steps. */
  rotate: ServiceFunction;
  /** What the steps do to the secret. */
  actions: string[];
  automaticallyAfterDays: number;
}

/**
 * Has Secrets Manager rotate a secret by a function, which gets the rights it needs on this secret alone; never because
 * of a deployment.
 *
 * Not CDK's `RotationSchedule`, which adds a permission without a source and writes to the secret's key policy.
 * Setting the schedule up makes Secrets Manager try the function out, for which it needs its role and permission.
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
      'Secrets Manager repeats a rotation that failed, and an alarm tells of it; the event itself says nothing.',
  });
  // With the ARN the function rotates this secret alone; the account keeps another's from getting at it
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
