import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { verdictLabels, versionLabels } from '../../functions/credentials/version-labels.ts';
import type { Check } from './check.ts';
import type { Found } from './findings.ts';

/** A secret, and how it is renewed. */
export type SecretToCheck = {
  client: SecretsManagerClient;
  /** Name or ARN. */
  secretId: string;
  name: string;
  /** The command that puts a value in, or renews it. */
  renew: string;
  /** Whether its first version is the placeholder, which an operator must replace by a rotation. */
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
    resource: `the secret ${secret.secretId}`,
    async run() {
      const command = new DescribeSecretCommand({ SecretId: secret.secretId });
      return judge(await secret.client.send(command), secret);
    },
  };
}

function judge(
  description: Partial<DescribeSecretCommandOutput>,
  { secretId, renew, startsUnset, scheduled }: SecretToCheck,
): Found {
  const { VersionIdsToStages = {}, RotationEnabled, LastRotatedDate, DeletedDate } = description;
  const versionOf = (label: string) =>
    Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes(label))?.[0];
  if (DeletedDate) return { code: 'secret_marked_for_deletion', secretId };
  const current = versionOf(versionLabels.current);
  if (!current) return { code: 'no_version_in_use', renew };
  const pending = versionOf(versionLabels.pending);
  // After a rotation the label may stay on the version that is in use.
  if (pending && pending !== current) return { code: 'rotation_not_ended', secretId, versionId: pending };
  if (startsUnset && !versionOf('AWSPREVIOUS')) return { code: 'placeholder', renew };
  const staged = versionOf(versionLabels.next);
  if (staged) return { code: 'staged_pair_left', secretId, versionId: staged };
  const verdict = verdicts.find((label) => versionOf(label));
  if (verdict) return { code: 'renewal_failed', verdict, renew };
  if (scheduled && !RotationEnabled) return { code: 'no_schedule' };
  // Absent until Secrets Manager has rotated the secret ("DescribeSecret", API reference, read November 2026).
  if (startsUnset && !LastRotatedDate) return { code: 'never_rotated', renew };
  const due = dueDateOf(description);
  if (scheduled && due < Date.now() - dayMs) return { code: 'renewal_overdue', due: new Date(due), renew };
  return { code: 'labels_in_order' };
}

/**
 * When Secrets Manager should have rotated at the latest. `NextRotationDate` alone does not say it: no page of AWS says
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
