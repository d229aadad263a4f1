import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { versionLabels } from '../../functions/credentials/version-labels.ts';
import { type Check, ok, type Result, toDo, wrong } from './check.ts';

/** A secret, and how it is renewed. */
export type SecretToCheck = {
  client: SecretsManagerClient;
  /** Name or ARN. */
  secretId: string;
  name: string;
  /** The command that puts a value in, or renews it. */
  renew: string;
  /** Whether its first version is the placeholder, which an operator must replace. */
  startsUnset: boolean;
  /** Whether Secrets Manager must rotate it by a schedule; not on this machine. */
  scheduled: boolean;
};

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
  const command = new DescribeSecretCommand({ SecretId: secretId });
  const { VersionIdsToStages = {}, RotationEnabled } = await client.send(command);
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
  if (secret.scheduled && !RotationEnabled) {
    return wrong(
      'it has no rotation schedule',
      'Deploy the stage again: npx cdk deploy BeginiSession-<stage>',
    );
  }
  return ok('set, and no rotation is left over');
}
