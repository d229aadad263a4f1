import { versionLabels } from '../credentials/version-labels.ts';
import { reasonOf } from '../errors.ts';
import type { LogOptions } from '../log-line.ts';
import { type RotationHandler, runRotation } from '../secrets/rotation-runner.ts';
import type { SecretVersions } from '../secrets/secret-versions.ts';
import type { ProbeTarget } from './probe.ts';
import { RotationError } from './rotation-error.ts';
import { createSecret, finishSecret, setSecret, testSecret } from './steps.ts';

/** What the handler works with. */
export type RotationOptions = ProbeTarget & LogOptions & { versions: SecretVersions };

/**
 * Rotates the credentials. After a failed step it labels the version with the verdict and removes AWSPENDING, so that the
 * next rotation is not blocked.
 */
export function rotationHandler({ stage, versions, writeLine, ...target }: RotationOptions): RotationHandler {
  return runRotation({
    stage,
    versions,
    writeLine,
    steps: {
      createSecret: ({ token }) => createSecret(token, versions),
      setSecret,
      testSecret: (run) => testSecret({ ...run, ...target, versions }),
      finishSecret: ({ token }) => finishSecret(token, versions),
    },
    cleanUp: async (failure, token) => {
      const verdict = failure instanceof RotationError ? failure.verdict : undefined;
      return { verdict, cleanUpReason: await giveUp({ code: failure.code, verdict }, token, versions) };
    },
  });
}

/** Labels the verdict, then removes AWSPENDING; says why that was not possible. */
async function giveUp(
  { code, verdict }: Pick<RotationError, 'code' | 'verdict'>,
  token: string,
  versions: SecretVersions,
): Promise<string | undefined> {
  try {
    const versionIds = await versions.versionIdsByLabel();
    const judged = code === 'same_as_current' ? versionIds.get(versionLabels.next) : token;
    if (verdict && judged) await versions.attach(verdict, judged, versionIds);
    if (versionIds.get(versionLabels.pending) === token && versionIds.get(versionLabels.current) !== token) {
      await versions.detach(versionLabels.pending, token);
    }
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}
