import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { RotateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CredentialsPair } from '../../functions/credentials/credentials-pair.ts';
import {
  type VerdictLabel,
  verdictLabels,
  versionLabels,
} from '../../functions/credentials/version-labels.ts';
import type { SecretVersions, VersionIdsByLabel } from '../../functions/secrets/secret-versions.ts';
import { endedWithoutVerdict, timedOut, type Verdict, verdictsByLabel } from './verdicts.ts';

const { current, pending, next } = versionLabels;

/** What a rotation is run with; the times have defaults. */
export type RotatePairOptions = {
  client: SecretsManagerClient;
  versions: SecretVersions;
  /** Receives one sentence per event. */
  say: (sentence: string) => void;
  /** Between two looks at the labels. */
  pollMs?: number;
  /** How long another rotation may go on before it counts as a leftover. */
  leftoverMs?: number;
  /** How long the pending version may take to show. */
  startMs?: number;
  /** How long the rotation may take: three steps of 45 s, and some. */
  timeoutMs?: number;
};

type Options = Required<RotatePairOptions>;
type Attempt = { stagedId: string; token: string };

/**
 * Stages a pair, has Secrets Manager rotate to it, and watches the labels until that ends. It never reads a value.
 * Stopped at any moment, it can simply be called again. After a failure the pair is withdrawn, so that no repeat puts
 * it in use unseen.
 *
 * @returns undefined where the pair is now in use, else why not. @throws errors of Secrets Manager
 */
export async function rotatePair(
  pair: CredentialsPair,
  given: RotatePairOptions,
): Promise<Verdict | undefined> {
  const options = { pollMs: 500, leftoverMs: 60_000, startMs: 15_000, timeoutMs: 150_000, ...given };
  const { client, versions, say } = options;
  await clearLeftover(options);
  await clearVerdicts(options);

  const attempt = { stagedId: randomUUID(), token: randomUUID() };
  await versions.put(attempt.stagedId, JSON.stringify(pair), [next]);
  say(`Staged as version ${attempt.stagedId}, under ${next}.`);
  try {
    await client.send(
      new RotateSecretCommand({ SecretId: versions.secretId, ClientRequestToken: attempt.token }),
    );
    say(`Rotation started. Its version is ${attempt.token}.`);
    const verdict = await watch(attempt, options);
    if (verdict === undefined) return undefined;
    return (await withdraw(attempt, options)) ? verdict : undefined;
  } catch (error) {
    await withdraw(attempt, options).catch(() =>
      say(`The pair is still staged under ${next}: run this again.`),
    );
    throw error;
  }
}

/** Waits for another rotation to end, and takes AWSPENDING from one that does not. */
async function clearLeftover({ versions, say, pollMs, leftoverMs }: Options): Promise<void> {
  const deadline = Date.now() + leftoverMs;
  for (let waits = 0; ; waits += 1) {
    const versionIds = await versions.versionIdsByLabel();
    const leftover = versionIds.get(pending);
    if (leftover === undefined || leftover === versionIds.get(current)) return;
    if (waits === 0) say(`Another rotation is in progress, version ${leftover}. Waiting for its end.`);
    if (Date.now() >= deadline) {
      say(`That rotation does not end: taking ${pending} from version ${leftover}.`);
      return await versions.detach(pending, leftover);
    }
    await pause(pollMs);
  }
}

async function clearVerdicts({ versions }: Options): Promise<void> {
  const versionIds = await versions.versionIdsByLabel();
  for (const label of Object.values(verdictLabels)) {
    const holder = versionIds.get(label);
    if (holder) await versions.detach(label, holder);
  }
}

async function watch(attempt: Attempt, options: Options): Promise<Verdict | undefined> {
  const { versions, say, pollMs, startMs, timeoutMs } = options;
  const startedAt = Date.now();
  let wasPending = false;
  let missed = 0;
  let wasTakenOver = false;
  for (;;) {
    const versionIds = await versions.versionIdsByLabel();
    if (versionIds.get(current) === attempt.token) return undefined;
    const label = verdictOn(versionIds, attempt);
    if (label) return verdictsByLabel[label];

    const isPending = versionIds.get(pending) === attempt.token;
    const elapsedMs = Date.now() - startedAt;
    missed = isPending ? 0 : missed + 1;
    // Two looks, as one may show an earlier state.
    if ((wasPending && missed > 1) || (!isPending && elapsedMs > startMs)) return endedWithoutVerdict;
    if (elapsedMs > timeoutMs) return timedOut;
    wasPending ||= isPending;
    if (!wasTakenOver && versionIds.get(next) === attempt.token) {
      wasTakenOver = true;
      say('The function has taken the pair over. Begini is asked whether it takes it.');
    }
    await pause(pollMs);
  }
}

function verdictOn(versionIds: VersionIdsByLabel, { stagedId, token }: Attempt): VerdictLabel | undefined {
  return Object.values(verdictLabels).find((label) =>
    [stagedId, token].includes(versionIds.get(label) ?? ''),
  );
}

/** Takes the pair's labels away; false where it came to be in use at the last moment. */
async function withdraw({ stagedId, token }: Attempt, { versions }: Options): Promise<boolean> {
  const versionIds = await versions.versionIdsByLabel();
  if (versionIds.get(current) === token) return false;
  const staged = versionIds.get(next);
  if (staged === stagedId || staged === token) await detachIfHeld(versions, next, staged);
  if (versionIds.get(pending) === token) await detachIfHeld(versions, pending, token);
  return (await versions.versionIdsByLabel()).get(current) !== token;
}

/** Takes a label away. The rotation function may do the same at this moment. */
async function detachIfHeld(versions: SecretVersions, label: string, versionId: string): Promise<void> {
  await versions.detach(label, versionId).catch(async (error) => {
    if ((await versions.versionIdsByLabel()).get(label) === versionId) throw error;
  });
}
