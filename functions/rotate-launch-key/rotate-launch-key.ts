import { randomBytes } from 'node:crypto';
import { reasonOf } from '../errors.ts';
import {
  RotationFailure,
  type RotationHandler,
  type RotationRunnerOptions,
  runRotation,
} from '../secrets/rotation-runner.ts';
import { secretLabels } from '../secrets/secret-labels.ts';
import type { SecretVersions } from '../secrets/secret-versions.ts';

const { current, pending } = secretLabels;

/**
 * Renews the launch key, one rotation step per call; each may be repeated
 * (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html, November 2026).
 */
export function rotateLaunchKey(
  options: Pick<RotationRunnerOptions, 'stage' | 'versions' | 'writeLine'>,
): RotationHandler {
  const { versions } = options;
  // Nothing outside Secrets Manager needs the key, or could test it.
  const nothing = async () => undefined;
  return runRotation({
    ...options,
    steps: {
      createSecret: ({ token }) => createSecret(token, versions),
      setSecret: nothing,
      testSecret: nothing,
      finishSecret: ({ token }) => finishSecret(token, versions),
    },
  });
}

async function finishSecret(token: string, versions: SecretVersions): Promise<void> {
  const versionIds = await versions.versionIdsByLabel();
  if (versionIds.get(current) === token) return;
  // A late step must not restore a key that was renewed because it was compromised.
  if (versionIds.get(pending) !== token) {
    throw new RotationFailure('not_pending', 'This is not the rotation in progress.');
  }
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
