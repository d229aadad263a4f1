import type { Context, SecretsManagerRotationEvent } from 'aws-lambda';
import { versionLabels } from '../credentials/version-labels.ts';
import { rotationStepTimeoutMs } from '../deadlines.ts';
import { reasonOf } from '../errors.ts';
import { writeToStandardOutput } from '../log-line.ts';
import { createScope } from '../request-scope.ts';
import type { SecretVersions } from '../secrets/secret-versions.ts';
import type { ProbeTarget } from './probe.ts';
import { RotationError } from './rotation-error.ts';
import { rotationSteps } from './steps.ts';

/** What the handler works with; `writeLine` receives the log lines; by default they go to standard output. */
export type RotationOptions = ProbeTarget & {
  stage: string;
  versions: SecretVersions;
  writeLine?: ((line: string) => void) | undefined;
};

/** What Secrets Manager invokes for each step of a rotation. */
export type RotationHandler = (
  event: SecretsManagerRotationEvent,
  context: Pick<Context, 'awsRequestId'>,
) => Promise<void>;

/**
 * Runs one rotation step, and writes one line of JSON about it. After a failure it labels the version with the
 * verdict and removes AWSPENDING, so that the next rotation is not blocked.
 *
 * The handler @throws RotationError, and nothing else: Lambda logs whatever a function throws.
 */
export function rotationHandler({
  stage,
  versions,
  writeLine = writeToStandardOutput,
  ...target
}: RotationOptions): RotationHandler {
  return async ({ Step: step, SecretId, ClientRequestToken: token }, { awsRequestId }) => {
    const startedAt = Date.now();
    const scope = createScope(startedAt + rotationStepTimeoutMs);
    const log = (outcome: object) =>
      writeLine(
        `${JSON.stringify({
          timestamp: new Date().toISOString(),
          level: 'code' in outcome ? 'ERROR' : 'INFO',
          message: 'rotation',
          stage,
          step,
          ...outcome,
          durationMs: Date.now() - startedAt,
          secretVersionId: token,
          lambdaRequestId: awsRequestId,
          vendorAttempts: scope.trace.vendorAttempts,
          vendorMs: scope.trace.vendorMs,
          vendorStatus: scope.trace.vendorStatus,
        })}\n`,
      );
    try {
      if (SecretId !== versions.secretId) throw new RotationError('wrong_secret');
      if (!Object.hasOwn(rotationSteps, step)) throw new RotationError('unknown_step');
      await rotationSteps[step]({ ...target, token, versions, scope });
    } catch (thrown) {
      const error = thrown instanceof RotationError ? thrown : new RotationError('secrets_unavailable');
      const foreign = error.code === 'wrong_secret' || error.code === 'unknown_step';
      const cleanUpReason = foreign ? undefined : await giveUp(error, token, versions);
      log({
        outcome: 'step_failed',
        code: error.code,
        verdict: error.verdict,
        ...(thrown !== error && { reason: reasonOf(thrown) }),
        cleanUpReason,
      });
      throw error;
    }
    log({ outcome: 'step_done' });
  };
}

/** Labels the version with the verdict, then removes AWSPENDING; returns the reason where that failed. */
async function giveUp(
  { code, verdict }: RotationError,
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
