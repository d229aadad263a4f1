import type { Context, SecretsManagerRotationEvent } from 'aws-lambda';
import { rotationStepTimeoutMs } from '../deadlines.ts';
import { reasonOf } from '../errors.ts';
import { type LogOptions, writeLogLine } from '../log-line.ts';
import { createScope, type RequestScope } from '../request-scope.ts';
import type { SecretVersions } from './secret-versions.ts';

/** A rotation step failed. Lambda logs it whole: the message is one fixed sentence, and there is no cause. */
export class RotationFailure extends Error {
  override readonly name = 'RotationError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** One rotation: its token is the id of the version that it makes. */
export type RotationRun = { token: string; scope: RequestScope };

/** What Secrets Manager invokes for each step of a rotation. */
export type RotationHandler = (
  event: SecretsManagerRotationEvent,
  context: Pick<Context, 'awsRequestId'>,
) => Promise<void>;

/** What runs the steps of one secret. */
export type RotationRunnerOptions = LogOptions & {
  versions: SecretVersions;
  /** By Secrets Manager's names. */
  steps: Record<SecretsManagerRotationEvent['Step'], (run: RotationRun) => Promise<void>>;
  /** Cleans up after a step that failed, and returns what the log line says about it. */
  cleanUp?: (failure: RotationFailure, token: string) => Promise<object>;
};

/**
 * Runs one rotation step per call, and writes one line of JSON about it.
 *
 * The handler @throws RotationFailure, and nothing else: Lambda logs everything that a function throws.
 */
export function runRotation({
  versions,
  steps,
  cleanUp = async () => ({}),
  ...options
}: RotationRunnerOptions): RotationHandler {
  function refusalOf(step: string, secretId: string): RotationFailure | undefined {
    if (secretId !== versions.secretId) {
      return new RotationFailure(
        'wrong_secret',
        'The event names another secret than the one that this function rotates.',
      );
    }
    if (Object.hasOwn(steps, step)) return undefined;
    return new RotationFailure('unknown_step', 'The event names none of the four rotation steps.');
  }

  return async ({ Step: step, SecretId, ClientRequestToken: token }, { awsRequestId }) => {
    const startedAt = Date.now();
    const scope = createScope(startedAt + rotationStepTimeoutMs);
    const log = (outcome: object) =>
      writeLogLine(options, {
        level: 'code' in outcome ? 'ERROR' : 'INFO',
        message: 'rotation',
        step,
        ...outcome,
        durationMs: Date.now() - startedAt,
        secretVersionId: token,
        lambdaRequestId: awsRequestId,
        vendorAttempts: scope.trace.vendorAttempts,
        vendorMs: scope.trace.vendorMs,
        vendorStatus: scope.trace.vendorStatus,
      });
    const refusal = refusalOf(step, SecretId);
    try {
      if (refusal) throw refusal;
      await steps[step]({ token, scope });
    } catch (thrown) {
      const failure =
        thrown instanceof RotationFailure
          ? thrown
          : new RotationFailure(
              'secrets_unavailable',
              'Secrets Manager failed; its error is in the log line.',
            );
      log({
        outcome: 'step_failed',
        code: failure.code,
        ...(thrown !== failure && { reason: reasonOf(thrown) }),
        ...(!refusal && (await cleanUp(failure, token))),
      });
      throw failure;
    }
    log({ outcome: 'step_done' });
  };
}
