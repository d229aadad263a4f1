import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';

/** Allows use of the key that encrypts a secret, if any, through Secrets Manager and for this secret only. */
export function secretKeyStatements(secret: Secret, actions: string[]): PolicyStatement[] {
  if (!secret.encryptionKey) return [];
  return [
    new PolicyStatement({
      actions,
      resources: [secret.encryptionKey.keyArn],
      conditions: {
        StringEquals: {
          ...viaSecretsManager(secret),
          'kms:EncryptionContext:SecretARN': secret.secretArn,
        },
      },
    }),
  ];
}

/** Gives the grantee this permission. */
export function allowSecretKey(secret: Secret, grantee: IGrantable, actions: string[]): void {
  for (const statement of secretKeyStatements(secret, actions)) {
    grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }
}

/**
 * Lets the grantee describe the key, which "Permissions for rotation" lists with the two others (Secrets Manager user
 * guide, read November 2026). Only through Secrets Manager; DescribeKey has no encryption context to name the secret.
 */
export function allowDescribeKey(secret: Secret, grantee: IGrantable): void {
  if (!secret.encryptionKey) return;
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['kms:DescribeKey'],
      resources: [secret.encryptionKey.keyArn],
      conditions: { StringEquals: viaSecretsManager(secret) },
    }),
  );
}

/** Lets the grantee read the secret's value. Not `grantRead`, which also allows DescribeSecret. */
export function allowGetValue(secret: Secret, grantee: IGrantable): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] }),
  );
  allowSecretKey(secret, grantee, ['kms:Decrypt']);
}

function viaSecretsManager(secret: Secret): Record<string, string> {
  // The domain differs in China and in the European Sovereign Cloud.
  const { region, urlSuffix } = Stack.of(secret);
  return { 'kms:ViaService': `secretsmanager.${region}.${urlSuffix}` };
}
