import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type SecretVersions, secretVersions } from '../../functions/secrets/secret-versions.ts';
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

  const target = await describeTarget(onlyToAws(new SecretsManagerClient(access)), secretName);
  refuseOtherAccount(stage, target.account);
  return target;
}

/** The secret of the local service, at `endpoint`. */
export async function findLocalSecret(endpoint: string, secretName: string): Promise<SecretTarget> {
  return await describeTarget(new SecretsManagerClient(clientConfig(endpoint)), secretName);
}

async function describeTarget(client: SecretsManagerClient, secretName: string): Promise<SecretTarget> {
  const { ARN = '' } = await client.send(new DescribeSecretCommand({ SecretId: secretName }));
  const [, , , region = '', account = ''] = ARN.split(':');
  return { client, versions: secretVersions(client, ARN), secretName, account, region };
}
