import { randomBytes } from 'node:crypto';
import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { versionLabels } from '../credentials/version-labels.ts';
import { reasonOf } from '../errors.ts';
import type { SecretVersions } from '../secrets/secret-versions.ts';

const { current, pending } = versionLabels;

/**
 * Renews the launch key, one rotation step per call; each may be repeated
 * (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html, November 2026).
 *
 * @throws Error for another secret or step; what `versions` throws.
 */
export async function rotateLaunchKey(
  { SecretId, ClientRequestToken: token, Step: step }: SecretsManagerRotationEvent,
  versions: SecretVersions,
): Promise<void> {
  if (SecretId !== versions.secretId) throw new Error('This function rotates another secret.');
  switch (step) {
    case 'createSecret':
      return await createSecret(token, versions);
    // There is nothing outside Secrets Manager that would have to know the key, or could test it.
    case 'setSecret':
    case 'testSecret':
      return;
    case 'finishSecret':
      return await finishSecret(token, versions);
    default:
      throw new Error('There is no such step in a rotation.');
  }
}

async function finishSecret(token: string, versions: SecretVersions): Promise<void> {
  const versionIds = await versions.versionIdsByLabel();
  if (versionIds.get(current) === token) return;
  // A step that comes late must not bring back a key that was renewed because somebody else had it.
  if (versionIds.get(pending) !== token) throw new Error('This is not the rotation in progress.');
  await versions.attach(current, token, versionIds);
}

async function createSecret(token: string, versions: SecretVersions): Promise<void> {
  try {
    await versions.put(token, randomBytes(32).toString('hex'), [pending]);
  } catch (error) {
    // The step is repeated: this rotation has its key already, and a version's value never changes.
    if (reasonOf(error) !== 'ResourceExistsException') throw error;
  }
}
