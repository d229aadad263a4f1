import { isSamePair, parsePair } from '../credentials/credentials-pair.ts';
import { stagedVersionId, versionLabels } from '../credentials/version-labels.ts';
import type { RotationRun } from '../secrets/rotation-runner.ts';
import type { SecretVersions } from '../secrets/secret-versions.ts';
import { type ProbeTarget, probe } from './probe.ts';
import { RotationError } from './rotation-error.ts';

const { current, pending, next } = versionLabels;

// The steps by Secrets Manager's names; repeating one does no harm. Each throws a RotationError.

/**
 * Copies the pair that was staged for this rotation to its version, then moves the label there. It moves the label and
 * does not put it: the move fails if the operator's command has withdrawn the pair meanwhile.
 */
export async function createSecret(token: string, versions: SecretVersions): Promise<void> {
  const versionIds = await versions.versionIdsByLabel();
  if (versionIds.get(current) === token) return;
  const pendingHolder = versionIds.get(pending);
  const isOver = pendingHolder === undefined || pendingHolder === versionIds.get(current);
  // A version without labels may be deleted: only a version that an earlier try has labelled can be used again.
  const canResume = isOver && [...versionIds.values()].includes(token);
  if (pendingHolder !== token && !canResume) throw new RotationError('not_pending');

  const stagedHolder = versionIds.get(next);
  if (stagedHolder === undefined) throw new RotationError('nothing_staged');
  if (stagedHolder !== token && stagedHolder !== stagedVersionId(token)) {
    throw new RotationError('staged_for_another');
  }
  if (stagedHolder === token) return await versions.attach(pending, token, versionIds);

  const staged = parsePair(await versions.valueOfVersion(stagedHolder));
  if (staged === undefined) throw new RotationError('not_a_pair');
  if (isSamePair(staged, parsePair(await versions.valueOf(current)))) {
    throw new RotationError('same_as_current');
  }
  await versions.put(token, JSON.stringify(staged), [pending]);
  await versions.attach(next, token, versionIds);
}

/** Does nothing: the operator has renewed the key in the Deployment Centre, because there is no API for it. */
export async function setSecret(): Promise<void> {}

/**
 * Asks Begini whether it accepts the pair. When rotation is set up, Secrets Manager tests the function with a version
 * that createSecret did not make, and may show it without AWSPENDING: that is a success without a call, and finishSecret
 * refuses such a version.
 */
export async function testSecret({
  token,
  versions,
  scope,
  ...target
}: RotationRun & ProbeTarget & { versions: SecretVersions }): Promise<void> {
  const versionIds = await versions.versionIdsByLabel();
  if (versionIds.get(current) === token) return;
  const stagedHolder = versionIds.get(next);
  // An old view of the labels, from before createSecret moved this one, must not pass for a set-up.
  if (stagedHolder !== token && stagedHolder !== stagedVersionId(token)) return;
  if (stagedHolder !== token || versionIds.get(pending) !== token) throw new RotationError('not_pending');
  const pair = parsePair(await versions.valueOf(pending));
  if (pair === undefined) throw new RotationError('not_a_pair');
  await probe(pair, target, scope);
}

/**
 * Makes the pair current. AWSPENDING is not removed by a separate call, which can tell Secrets Manager that the
 * rotation did not complete ("Lambda rotation functions", user guide, read November 2026): moving AWSCURRENT removes
 * it, and if it stays on the current version, no rotation is blocked.
 *
 * BEGINI_NEXT is removed first. Only one of this function and the operator's command can remove it: so the pair is either
 * withdrawn or put in use, never both.
 */
export async function finishSecret(token: string, versions: SecretVersions): Promise<void> {
  const versionIds = await versions.versionIdsByLabel();
  if (versionIds.get(current) !== token) {
    // Without the staged label, createSecret never filled this version, or another pair was staged since.
    if (versionIds.get(pending) !== token || versionIds.get(next) !== token)
      throw new RotationError('not_pending');
    await versions.detach(next, token);
    await versions.attach(current, token, versionIds);
  }
}
