import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type SecretVersions, secretVersions } from '../../functions/secrets/secret-versions.ts';
import { runbookFile } from '../../lib/monitoring/runbook.ts';
import type { Stage } from '../../lib/stages/stages.ts';
import type { AccessOptions } from '../deployed/aws-access.ts';
import { onlyToAws } from '../deployed/aws-endpoints.ts';
import { findDeployedStack, refuseOtherAccount } from '../deployed/deployed-stack.ts';
import { UsageError } from '../deployed/usage-error.ts';
import { clientConfig } from '../stand-ins/client-config.ts';

/** The secret of a stage, and the client to reach it. */
export type SecretTarget = {
  client: SecretsManagerClient;
  versions: SecretVersions;
  secretName: string;
  /** 12 digits. */
  account: string;
  region: string;
  isDeleted: boolean;
  isRotated: boolean;
};

/**
 * Finds the secret of a stage by the outputs of its stack, with the credentials and the region that the AWS CLI would
 * use; a region in the stage's row takes precedence.
 *
 * @throws UsageError if region or credentials are missing, or the stack is not deployed or is in another account than
 * that of the row; errors of the SDK.
 */
export async function findDeployedSecret(stage: Stage, options: AccessOptions): Promise<SecretTarget> {
  const { stack, name, access } = await findDeployedStack(stage, options);
  const secretName = stack?.Outputs?.find(
    ({ OutputKey }) => OutputKey === 'CredentialsSecretName',
  )?.OutputValue;
  if (!secretName) throw new UsageError(`The stack ${name} has no output CredentialsSecretName.`);

  const client = onlyToAws(new SecretsManagerClient(access));
  const secret = await client.send(new DescribeSecretCommand({ SecretId: secretName }));
  const target = targetOf(client, secretName, secret);
  refuseOtherAccount(stage, target.account);
  return target;
}

/** The secret of the local service, at `endpoint`. */
export async function findLocalSecret(endpoint: string, secretName: string): Promise<SecretTarget> {
  const client = new SecretsManagerClient(clientConfig(endpoint));
  return targetOf(client, secretName, await client.send(new DescribeSecretCommand({ SecretId: secretName })));
}

function targetOf(
  client: SecretsManagerClient,
  secretName: string,
  { ARN = '', DeletedDate, RotationEnabled = false }: Partial<DescribeSecretCommandOutput>,
): SecretTarget {
  const [, , , region = '', account = ''] = ARN.split(':');
  return {
    client,
    versions: secretVersions(client, ARN),
    secretName,
    account,
    region,
    isDeleted: DeletedDate !== undefined,
    isRotated: RotationEnabled,
  };
}

/**
 * Secrets Manager would refuse the rotation of such a secret with the error of one that is not complete.
 * @throws UsageError if the secret cannot be rotated
 */
export function refuseUnusableSecret(
  { isDeleted, isRotated, secretName }: SecretTarget,
  { name }: Pick<Stage, 'name'>,
): void {
  if (isDeleted) {
    throw new UsageError(
      `The secret ${secretName} is scheduled for deletion: aws secretsmanager restore-secret --secret-id ${secretName}`,
    );
  }
  if (!isRotated) {
    throw new UsageError(
      `The secret ${secretName} has no rotation any more. Read "Undo a change by hand" in ${runbookFile}, or deploy the stack again: npx cdk deploy BeginiSession-${name}`,
    );
  }
}
