import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { RotateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CredentialsPair } from '../../functions/shared/credentials-pair.ts';
import type { LabelHolders, SecretVersions } from '../../functions/shared/secret-versions.ts';
import { type VerdictLabel, verdictLabels, versionLabels } from '../../functions/shared/version-labels.ts';
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
    const holders = await versions.holders();
    const leftover = holders.get(pending);
    if (leftover === undefined || leftover === holders.get(current)) return;
    if (waits === 0) say(`Another rotation is in progress, version ${leftover}. Waiting for its end.`);
    if (Date.now() >= deadline) {
      say(`That rotation does not end: taking ${pending} from version ${leftover}.`);
      return await versions.detach(pending, leftover);
    }
    await pause(pollMs);
  }
}

async function clearVerdicts({ versions }: Options): Promise<void> {
  const holders = await versions.holders();
  for (const label of Object.values(verdictLabels)) {
    const holder = holders.get(label);
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
    const holders = await versions.holders();
    if (holders.get(current) === attempt.token) return undefined;
    const label = verdictOn(holders, attempt);
    if (label) return verdictsByLabel[label];

    const isPending = holders.get(pending) === attempt.token;
    const elapsedMs = Date.now() - startedAt;
    missed = isPending ? 0 : missed + 1;
    // Two looks, as one may show an earlier state.
    if ((wasPending && missed > 1) || (!isPending && elapsedMs > startMs)) return endedWithoutVerdict;
    if (elapsedMs > timeoutMs) return timedOut;
    wasPending ||= isPending;
    if (!wasTakenOver && holders.get(next) === attempt.token) {
      wasTakenOver = true;
      say('The function has taken the pair over. Begini is asked whether it takes it.');
    }
    await pause(pollMs);
  }
}

function verdictOn(holders: LabelHolders, { stagedId, token }: Attempt): VerdictLabel | undefined {
  return Object.values(verdictLabels).find((label) => [stagedId, token].includes(holders.get(label) ?? ''));
}

/** Takes the pair's labels away; false where it came to be in use at the last moment. */
async function withdraw({ stagedId, token }: Attempt, { versions }: Options): Promise<boolean> {
  const holders = await versions.holders();
  if (holders.get(current) === token) return false;
  const staged = holders.get(next);
  if (staged === stagedId || staged === token) await detachIfHeld(versions, next, staged);
  if (holders.get(pending) === token) await detachIfHeld(versions, pending, token);
  return (await versions.holders()).get(current) !== token;
}

/** Takes a label away. The rotation function may do the same at this moment. */
async function detachIfHeld(versions: SecretVersions, label: string, versionId: string): Promise<void> {
  await versions.detach(label, versionId).catch(async (error) => {
    if ((await versions.holders()).get(label) === versionId) throw error;
  });
}
