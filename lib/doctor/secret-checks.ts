import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { verdictLabels, versionLabels } from '../../functions/credentials/version-labels.ts';
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
  if (!versionOf(versionLabels.current)) return wrong('no version is in use', renew);
  // After a rotation the label may stay on the version that is in use.
  if (pending && pending !== versionOf(versionLabels.current)) {
    return wrong('AWSPENDING is on a version that is not in use: a rotation did not end', renew);
  }
  if (secret.startsUnset && !versionOf('AWSPREVIOUS')) return toDo('it still holds its placeholder', renew);
  if (versionOf(versionLabels.next)) return toDo('a staged pair was left behind', renew);
  const verdict = verdicts.find((label) => versionOf(label));
  if (verdict) return toDo(`the last renewal failed (${verdict}); the pair before it stays in use`, renew);
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
