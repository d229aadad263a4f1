import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { verdictLabels, versionLabels } from '../../functions/credentials/version-labels.ts';
import { verdictsByLabel } from '../rotate/verdicts.ts';
import { type Check, ok, type Result, toDo, wrong } from './check.ts';

/** A secret, and how it is renewed. */
export type SecretToCheck = {
  client: SecretsManagerClient;
  /** Name or ARN. */
  secretId: string;
  name: string;
  /** The command that puts a value in, or renews it. */
  renew: string;
  /** The command that makes its schedule. */
  deploy: string;
  /** How the AWS CLI is called for it: `aws --region eu-central-1`. */
  awsCli: string;
  /** Whether its first version is the placeholder, which an operator must replace. */
  startsUnset: boolean;
  /** Whether Secrets Manager must rotate it by a schedule; not on this machine. */
  scheduled: boolean;
};

/** A pair that was in use already is no failure that anybody must act on. */
const verdicts = Object.values(verdictLabels).filter((label) => label !== verdictLabels.same);
const dayMs = 86_400_000;

/** The labels and the schedule of a secret. Its value is not read. */
export function secretCheck(secret: SecretToCheck): Check {
  return {
    group: 'secrets',
    name: secret.name,
    action: 'secretsmanager:DescribeSecret',
    run: () => check(secret),
  };
}

async function check(secret: SecretToCheck): Promise<Result> {
  const { client, secretId, renew } = secret;
  const description = await client.send(new DescribeSecretCommand({ SecretId: secretId }));
  const { VersionIdsToStages = {}, RotationEnabled } = description;
  const versionOf = (label: string) =>
    Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes(label))?.[0];
  const pending = versionOf(versionLabels.pending);
  const removeLabel = (label: string, versionId: string) =>
    `${secret.awsCli} secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage ${label} --remove-from-version-id ${versionId}`;
  if (!versionOf(versionLabels.current)) return wrong('no version is in use', renew);
  // After a rotation the label may stay on the version that is in use.
  if (pending && pending !== versionOf(versionLabels.current)) {
    return wrong(
      'a rotation has not ended, and blocks the next one (AWSPENDING is on a version that is not in use)',
      `Wait some minutes and run the doctor again; where it stays: ${removeLabel(versionLabels.pending, pending)}`,
    );
  }
  if (secret.startsUnset && !versionOf('AWSPREVIOUS')) {
    return toDo(
      'it still holds its placeholder',
      `Have the pair of Begini's Deployment Centre at hand, from the tab of this environment, then: ${renew}`,
    );
  }
  const staged = versionOf(versionLabels.next);
  if (staged) {
    return toDo(
      'a staged pair was left behind, which nothing uses',
      `The next renewal replaces it. To be rid of it now: ${removeLabel(versionLabels.next, staged)}`,
    );
  }
  const verdict = verdicts.find((label) => versionOf(label));
  if (verdict) {
    const { reason, next } = verdictsByLabel[verdict];
    return toDo(
      `the pair before stays in use, as the last renewal failed: ${reason}`,
      `${next} Then: ${renew}`,
    );
  }
  if (secret.scheduled && !RotationEnabled) return wrong('it has no rotation schedule', secret.deploy);
  const due = dueDateOf(description);
  if (secret.scheduled && due < Date.now() - dayMs) {
    return toDo(`its renewal was due on ${new Date(due).toISOString().slice(0, 10)}`, renew);
  }
  return ok('set, and no rotation is left over');
}

/**
 * When Secrets Manager should have rotated at the latest. `NextRotationDate` alone does not say it: no page of AWS tells
 * whether a rotation that fails moves it.
 */
function dueDateOf(secret: Partial<DescribeSecretCommandOutput>): number {
  const { LastRotatedDate, CreatedDate, NextRotationDate, RotationRules } = secret;
  const days = RotationRules?.AutomaticallyAfterDays ?? Number.POSITIVE_INFINITY;
  const changedAt = LastRotatedDate ?? CreatedDate;
  return Math.min(
    NextRotationDate?.getTime() ?? Number.POSITIVE_INFINITY,
    (changedAt?.getTime() ?? Number.POSITIVE_INFINITY) + days * dayMs,
  );
}
