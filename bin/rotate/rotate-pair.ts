import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { RotateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CredentialsPair } from '../../functions/credentials/credentials-pair.ts';
import {
  stagedVersionId,
  type VerdictLabel,
  verdictLabels,
  versionLabels,
} from '../../functions/credentials/version-labels.ts';
import { reasonOf } from '../../functions/errors.ts';
import type { SecretVersions, VersionIdsByLabel } from '../../functions/secrets/secret-versions.ts';
import { otherVerdicts, type Verdict, verdictsByLabel } from './verdicts.ts';

const { current, previous, pending, next, compromised } = versionLabels;
const { blocked, endedWithoutVerdict, interrupted, superseded, timedOut } = otherVerdicts;

/** What a rotation is run with; the times have defaults. */
export type RotatePairOptions = {
  client: SecretsManagerClient;
  versions: SecretVersions;
  /** Receives one sentence per event. */
  say: (sentence: string) => void;
  /** Whether the pair in use has leaked: results that it signed are refused as soon as it is no longer in use. */
  isCompromised?: boolean;
  /** Aborted if the operator interrupts: then the pair is withdrawn. */
  signal?: AbortSignal;
  /** Between two reads of the labels, or two tries to start the rotation. */
  pollMs?: number;
  /** How long another rotation may continue before it counts as a leftover. */
  leftoverMs?: number;
  /** How long the pending version may take to appear. */
  startMs?: number;
  /** How long the rotation may take: three steps of 45 s, and a margin. */
  timeoutMs?: number;
  /** Epoch milliseconds. */
  now?: () => number;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
};

type Options = Required<RotatePairOptions>;
/** Its versions, and the one that was in use when it began. */
type Attempt = { stagedId: string; token: string; usedBefore: string | undefined };
/** The version in use that was marked as compromised, and the version that had the label before. */
type Mark = { versionId: string; before: string | undefined };

/** How long Secrets Manager may refuse to start the rotation because another one is not complete. */
const refusedMs = 60_000;
/** How long the function may take to put the pair in use after it has removed BEGINI_NEXT. */
const finishMs = 10_000;

const defaults = {
  isCompromised: false,
  signal: new AbortController().signal,
  pollMs: 500,
  leftoverMs: 60_000,
  startMs: 15_000,
  timeoutMs: 150_000,
  now: Date.now,
  wait: (ms: number, signal: AbortSignal) => pause(ms, undefined, { signal }),
};

/**
 * Stages a pair for one rotation, has Secrets Manager run that rotation, and watches the labels until it ends. It never
 * reads a value. If it is stopped at any moment, call it again. After a failure the pair is withdrawn, so that no retry
 * puts it in use unnoticed.
 *
 * @returns undefined if the pair is now in use, else why not. @throws errors of Secrets Manager
 */
export async function rotatePair(
  pair: CredentialsPair,
  given: RotatePairOptions,
): Promise<Verdict | undefined> {
  const options = { ...defaults, ...given };
  let mark: Mark | undefined;
  let usedBefore: string | undefined;
  try {
    await clearLeftover(options);
    usedBefore = await clearLabels(options);
    options.signal.throwIfAborted();
    if (options.isCompromised) {
      const versionIds = await options.versions.versionIdsByLabel();
      mark = markOf(versionIds);
      if (mark) await setMark(mark, versionIds, options);
    }
    options.signal.throwIfAborted();
  } catch (error) {
    await unmark(mark, options);
    if (options.signal.aborted) return interrupted;
    throw error;
  }
  const token = randomUUID();
  const attempt = { stagedId: stagedVersionId(token), token, usedBefore };
  try {
    const verdict = await run(pair, attempt, options);
    if (verdict === undefined || !(await withdraw(attempt, options))) return undefined;
    await unmark(mark, options);
    return verdict;
  } catch (error) {
    let isUncertain = false;
    const isWithdrawn = await withdraw(attempt, options).catch((failure) => {
      isUncertain = true;
      options.say(`The pair is still staged under ${next}, only for this rotation: run this again.`);
      if (options.signal.aborted) throw failure;
      return true;
    });
    if (!isWithdrawn) return undefined;
    if (!isUncertain) await unmark(mark, options);
    if (options.signal.aborted) return interrupted;
    throw error;
  }
}

/** Stages and rotates; after a failure the pair stays staged. */
async function run(pair: CredentialsPair, attempt: Attempt, options: Options): Promise<Verdict | undefined> {
  const { versions, say } = options;
  await versions.put(attempt.stagedId, JSON.stringify(pair), [next]);
  say(`Staged as version ${attempt.stagedId}, under ${next}.`);
  options.signal.throwIfAborted();
  if (!(await start(attempt, options))) return blocked;
  say(`Rotation started. Its version is ${attempt.token}.`);
  return await watch(attempt, options);
}

/**
 * Starts the rotation; false if Secrets Manager keeps refusing because another one is not complete. If the answer to
 * the first call was lost, the SDK calls again, and the incomplete rotation is this one: it is not started twice.
 */
async function start(attempt: Attempt, options: Options): Promise<boolean> {
  const { token } = attempt;
  const { client, versions, say, pollMs, signal, now, wait } = options;
  const command = new RotateSecretCommand({ SecretId: versions.secretId, ClientRequestToken: token });
  const deadline = now() + refusedMs;
  for (let tries = 1; ; tries += 1) {
    try {
      await client.send(command);
      return true;
    } catch (error) {
      if (reasonOf(error) !== 'InvalidRequestException') throw error;
      if (hasBegun(await versions.versionIdsByLabel(), attempt)) return true;
      if (tries === 1) say('Secrets Manager has not completed an earlier rotation yet. Trying again.');
      if (now() >= deadline) return false;
      await wait(pollMs, signal);
    }
  }
}

/** Waits for another rotation to end, and removes AWSPENDING from one that does not. */
async function clearLeftover(options: Options): Promise<void> {
  const { versions, say, pollMs, leftoverMs, signal, now, wait } = options;
  const deadline = now() + leftoverMs;
  for (let waits = 0; ; waits += 1) {
    const versionIds = await versions.versionIdsByLabel();
    const leftover = versionIds.get(pending);
    if (leftover === undefined || leftover === versionIds.get(current)) return;
    if (waits === 0) say(`Another rotation is in progress, version ${leftover}. Waiting for it to end.`);
    if (now() >= deadline) {
      say(`That rotation does not end: removing ${pending} from version ${leftover}.`);
      await detachIfHeld(versions, pending, leftover);
      return;
    }
    await wait(pollMs, signal);
  }
}

/**
 * Removes the verdicts on earlier pairs, and the mark of a command that died before its rotation ended.
 * @returns the version in use
 */
async function clearLabels({ versions, isCompromised }: Options): Promise<string | undefined> {
  const versionIds = await versions.versionIdsByLabel();
  const inUse = versionIds.get(current);
  if (inUse && !isCompromised && versionIds.get(compromised) === inUse) {
    await detachIfHeld(versions, compromised, inUse);
  }
  for (const label of Object.values(verdictLabels)) {
    const holder = versionIds.get(label);
    if (holder) await detachIfHeld(versions, label, holder);
  }
  return inUse;
}

/** The version in use, to be marked; none before the first deployment has stored a value. */
function markOf(versionIds: VersionIdsByLabel): Mark | undefined {
  const versionId = versionIds.get(current);
  return versionId === undefined ? undefined : { versionId, before: versionIds.get(compromised) };
}

/** Marks the version in use: the label counts once another version is in use. */
async function setMark(
  { versionId }: Mark,
  versionIds: VersionIdsByLabel,
  { versions, say }: Options,
): Promise<void> {
  await versions.attach(compromised, versionId, versionIds);
  say(`Marked version ${versionId}, which is in use, as ${compromised}.`);
}

/** Withdraws the mark, unless the version is no longer in use; the version before gets it back while it still counts. */
async function unmark(mark: Mark | undefined, { versions, say }: Options): Promise<void> {
  if (!mark) return;
  try {
    const versionIds = await versions.versionIdsByLabel();
    const isHeld = [current, compromised].every((label) => versionIds.get(label) === mark.versionId);
    if (!isHeld) return;
    if (mark.before && mark.before === versionIds.get(previous)) {
      await versions.attach(compromised, mark.before, versionIds);
    } else {
      await detachIfHeld(versions, compromised, mark.versionId);
    }
  } catch {
    say(`The label ${compromised} is still on the version in use, where it has no effect: run this again.`);
  }
}

async function watch(attempt: Attempt, options: Options): Promise<Verdict | undefined> {
  const { versions, say, pollMs, startMs, timeoutMs, signal, now, wait } = options;
  const startedAt = now();
  let wasPending = false;
  let missed = 0;
  let wasTakenOver = false;
  let isSuperseded = false;
  for (;;) {
    const versionIds = await versions.versionIdsByLabel();
    if (versionIds.get(current) === attempt.token) return undefined;
    isSuperseded ||= isOfAnotherRun(versionIds, attempt);
    const label = verdictOn(versionIds, attempt);
    if (label) return verdictsByLabel[label];

    const isPending = versionIds.get(pending) === attempt.token;
    const elapsedMs = now() - startedAt;
    missed = isPending ? 0 : missed + 1;
    // Reads twice, because one read may show an earlier state.
    if ((wasPending && missed > 1) || (!isPending && elapsedMs > startMs)) {
      return isSuperseded ? superseded : endedWithoutVerdict;
    }
    if (elapsedMs > timeoutMs) return timedOut;
    wasPending ||= isPending;
    if (!wasTakenOver && versionIds.get(next) === attempt.token) {
      wasTakenOver = true;
      say('The function has the pair. It now asks Begini whether it accepts it.');
    }
    await wait(pollMs, signal);
  }
}

/** Whether the labels show this rotation: in progress, or at its end. */
function hasBegun(versionIds: VersionIdsByLabel, attempt: Attempt): boolean {
  const holders = [pending, next, current].map((label) => versionIds.get(label));
  return holders.includes(attempt.token) || verdictOn(versionIds, attempt) !== undefined;
}

/** Whether another run of the command has left a trace since this one began: a pair staged, in test, judged or in use. */
function isOfAnotherRun(versionIds: VersionIdsByLabel, attempt: Attempt): boolean {
  const { stagedId, token, usedBefore } = attempt;
  const known = [undefined, stagedId, token, usedBefore];
  const labels = [next, pending, current, ...Object.values(verdictLabels)];
  return labels.some((label) => !known.includes(versionIds.get(label)));
}

function verdictOn(versionIds: VersionIdsByLabel, { stagedId, token }: Attempt): VerdictLabel | undefined {
  return Object.values(verdictLabels).find((label) =>
    [stagedId, token].includes(versionIds.get(label) ?? ''),
  );
}

/**
 * Removes the pair's labels; false if it was put in use at the last moment. The rotation function removes BEGINI_NEXT
 * before it puts the pair in use, so if that label is gone already, the end of the rotation decides.
 */
async function withdraw({ stagedId, token }: Attempt, { versions, pollMs, now }: Options): Promise<boolean> {
  const deadline = now() + finishMs;
  let isWithdrawn = false;
  for (;;) {
    const versionIds = await versions.versionIdsByLabel();
    if (versionIds.get(current) === token) return false;
    const staged = [stagedId, token].find((versionId) => versionId === versionIds.get(next));
    const isPending = versionIds.get(pending) === token;
    if (staged) isWithdrawn = await detachIfHeld(versions, next, staged);
    else if (!isPending) return true;
    else if (isWithdrawn || now() >= deadline) await detachIfHeld(versions, pending, token);
    else await pause(pollMs);
  }
}

/** Removes a label; false if someone else did so at this moment. */
async function detachIfHeld(versions: SecretVersions, label: string, versionId: string): Promise<boolean> {
  try {
    await versions.detach(label, versionId);
    return true;
  } catch (error) {
    if ((await versions.versionIdsByLabel()).get(label) === versionId) throw error;
    return false;
  }
}
