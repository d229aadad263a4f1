import { expect, test } from '@jest/globals';
import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { type RotationFailure, runRotation } from '../../../functions/secrets/rotation-runner.ts';
import type { SecretVersions } from '../../../functions/secrets/secret-versions.ts';

const versions = { secretId: 'secret' } as SecretVersions;
const good = { Step: 'setSecret', SecretId: 'secret', ClientRequestToken: 'token' } as const;

/** Runs a step that does what `work` does, and returns its log line and what the handler threw. */
async function run(work: () => Promise<void>, event: object = good) {
  const lines: string[] = [];
  const steps = { createSecret: work, setSecret: work, testSecret: work, finishSecret: work };
  const handler = runRotation({ stage: 'test', versions, steps, writeLine: (line) => lines.push(line) });
  const thrown: RotationFailure | undefined = await handler(event as SecretsManagerRotationEvent, {
    awsRequestId: 'lambda-request-id',
  }).then(
    () => undefined,
    (error) => error,
  );
  expect(lines).toHaveLength(1);
  return { line: JSON.parse(String(lines[0])) as Record<string, unknown>, thrown };
}

const sentence = expect.stringMatching(/^[A-Z].{20,}\.$/);

test('a step that is done writes one line', async () => {
  const { line, thrown } = await run(async () => undefined);
  expect(thrown).toBeUndefined();
  expect(line).toMatchObject({
    level: 'INFO',
    message: 'rotation',
    step: 'setSecret',
    outcome: 'step_done',
    durationMs: expect.any(Number),
  });
});

test('an unexpected error is named in the line, and not thrown', async () => {
  const denied = Object.assign(new Error('secret'), { name: 'AccessDeniedException' });
  const { line, thrown } = await run(() => Promise.reject(denied));
  expect(line).toMatchObject({
    level: 'ERROR',
    outcome: 'step_failed',
    code: 'secrets_unavailable',
    reason: 'AccessDeniedException',
  });
  expect(thrown).toMatchObject({ name: 'RotationError', code: 'secrets_unavailable', message: sentence });
});

test.each([
  ['another secret', { ...good, SecretId: 'another' }, 'wrong_secret'],
  ['no step', { ...good, Step: 'toString' }, 'unknown_step'],
])('an event with %s is refused, without a reason', async (_, event, code) => {
  const { line, thrown } = await run(async () => undefined, event);
  expect(thrown).toMatchObject({ code, message: sentence });
  expect(line).toMatchObject({ code });
  expect(line).not.toHaveProperty('reason');
});
