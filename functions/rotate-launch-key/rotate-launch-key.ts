import { randomBytes } from 'node:crypto';
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerRotationEvent } from 'aws-lambda';

/** What the rotation works with. */
export type RotationOptions = {
  client: SecretsManagerClient;
  /** The only secret it touches. */
  secretArn: string;
};

/**
 * Renews the launch key, one step per call
 * (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html, November 2026).
 * Each step may be repeated.
 *
 * @throws Error for another secret or step; what Secrets Manager throws.
 */
export async function rotateLaunchKey(
  event: SecretsManagerRotationEvent,
  options: RotationOptions,
): Promise<void> {
  if (event.SecretId !== options.secretArn) throw new Error('This function rotates another secret.');
  switch (event.Step) {
    case 'createSecret':
      return await createSecret(event, options.client);
    // There is nothing outside Secrets Manager that would have to know the key, or could test it.
    case 'setSecret':
    case 'testSecret':
      return;
    case 'finishSecret':
      return await finishSecret(event, options.client);
    default:
      throw new Error('There is no such step in a rotation.');
  }
}

async function createSecret(
  { SecretId, ClientRequestToken }: SecretsManagerRotationEvent,
  client: SecretsManagerClient,
): Promise<void> {
  const SecretString = randomBytes(32).toString('hex');
  try {
    await client.send(
      new PutSecretValueCommand({
        SecretId,
        ClientRequestToken,
        SecretString,
        VersionStages: ['AWSPENDING'],
      }),
    );
  } catch (error) {
    // The step is repeated: this rotation has its key already, and a version's value never changes.
    if (!(error instanceof ResourceExistsException)) throw error;
  }
}

async function finishSecret(
  { SecretId, ClientRequestToken }: SecretsManagerRotationEvent,
  client: SecretsManagerClient,
): Promise<void> {
  const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
  const current = Object.keys(VersionIdsToStages).find((id) =>
    VersionIdsToStages[id]?.includes('AWSCURRENT'),
  );
  if (current === ClientRequestToken) return;
  await client.send(
    new UpdateSecretVersionStageCommand({
      SecretId,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: ClientRequestToken,
      RemoveFromVersionId: current,
    }),
  );
}
