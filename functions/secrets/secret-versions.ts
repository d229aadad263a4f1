import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { reasonOf } from '../errors.ts';

/** The version ids that hold the labels of a secret, by label. */
export type VersionIdsByLabel = ReadonlyMap<string, string>;

/** The versions of one secret, and their labels. It throws the errors of Secrets Manager. */
export type SecretVersions = {
  /** The ARN, or another name of the secret. */
  secretId: string;
  /** Which version has which label now. */
  versionIdsByLabel(): Promise<VersionIdsByLabel>;
  /** The value of the version that holds `label`; undefined if there is none, or it has no value yet. */
  valueOf(label: string): Promise<string | undefined>;
  /** The value of a version that exists; it never changes. */
  valueOfVersion(versionId: string): Promise<string | undefined>;
  /** Stores a value under `versionId`, 32 to 64 characters, and moves the labels to it. */
  put(versionId: string, value: string, labels: string[]): Promise<void>;
  /** Moves a label from the version that `versionIds` names. */
  attach(label: string, versionId: string, versionIds: VersionIdsByLabel): Promise<void>;
  /** Removes a label from the version that has it. */
  detach(label: string, versionId: string): Promise<void>;
};

/** The versions of the secret that `secretId` names, by `client`. */
export function secretVersions(client: SecretsManagerClient, secretId: string): SecretVersions {
  const SecretId = secretId;
  return {
    secretId,
    async versionIdsByLabel() {
      const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
      const versionIds = Object.entries(VersionIdsToStages);
      return new Map(versionIds.flatMap(([id, labels]) => labels.map((label) => [label, id] as const)));
    },
    async valueOf(label) {
      try {
        const command = new GetSecretValueCommand({ SecretId, VersionStage: label });
        return (await client.send(command)).SecretString;
      } catch (error) {
        if (reasonOf(error) === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    },
    async valueOfVersion(versionId) {
      return (await client.send(new GetSecretValueCommand({ SecretId, VersionId: versionId }))).SecretString;
    },
    async put(versionId, value, labels) {
      await client.send(
        new PutSecretValueCommand({
          SecretId,
          ClientRequestToken: versionId,
          SecretString: value,
          VersionStages: labels,
        }),
      );
    },
    async attach(label, versionId, versionIds) {
      const holder = versionIds.get(label);
      if (holder === versionId) return;
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage: label,
          MoveToVersionId: versionId,
          RemoveFromVersionId: holder,
        }),
      );
    },
    async detach(label, versionId) {
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage: label,
          RemoveFromVersionId: versionId,
        }),
      );
    },
  };
}
