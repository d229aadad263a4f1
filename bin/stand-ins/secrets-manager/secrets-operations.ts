import { randomUUID } from 'node:crypto';
import { parseObject } from '../parse-object.ts';
import type { SecretRotations } from './secret-rotation.ts';
import {
  findVersion,
  labelsOf,
  moveLabel,
  putVersion,
  type SecretStore,
  SecretsManagerError,
} from './secret-store.ts';

type Input = Record<string, unknown>;
type Operation = (store: SecretStore, input: Input, rotations: SecretRotations) => Record<string, unknown>;

/** By the name in `X-Amz-Target`. */
const operations: Record<string, Operation> = {
  CreateSecret(store, input) {
    const value = optionalText(input, 'SecretString');
    const token = optionalToken(input);
    const secret = store.create(requiredText(input, 'Name'), optionalText(input, 'Description'));
    const versionId = value === undefined ? undefined : putVersion(secret, value, { token });
    return { ARN: secret.arn, Name: secret.name, VersionId: versionId };
  },

  GetSecretValue(store, input) {
    const secret = store.find(requiredText(input, 'SecretId'));
    const { value, versionId, createdAt } = findVersion(
      secret,
      optionalText(input, 'VersionId'),
      optionalText(input, 'VersionStage'),
    );
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: versionId,
      SecretString: value,
      VersionStages: labelsOf(secret, versionId),
      CreatedDate: epochSeconds(createdAt),
    };
  },

  PutSecretValue(store, input) {
    const secret = store.find(requiredText(input, 'SecretId'));
    const versionId = putVersion(secret, requiredText(input, 'SecretString'), {
      token: optionalToken(input),
      labels: optionalLabels(input),
    });
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: versionId,
      VersionStages: labelsOf(secret, versionId),
    };
  },

  DescribeSecret(store, input) {
    const secret = store.find(requiredText(input, 'SecretId'));
    const labelled = new Set(secret.versionIdsByLabel.values());
    const versionIdsToStages = Object.fromEntries([...labelled].map((id) => [id, labelsOf(secret, id)]));
    return {
      ARN: secret.arn,
      Name: secret.name,
      Description: secret.description,
      CreatedDate: epochSeconds(secret.createdAt),
      LastChangedDate: epochSeconds(secret.changedAt),
      RotationEnabled: secret.rotate !== undefined,
      VersionIdsToStages: labelled.size > 0 ? versionIdsToStages : undefined,
    };
  },

  UpdateSecretVersionStage(store, input) {
    const secret = store.find(requiredText(input, 'SecretId'));
    moveLabel(secret, {
      label: requiredText(input, 'VersionStage'),
      from: optionalText(input, 'RemoveFromVersionId'),
      to: optionalText(input, 'MoveToVersionId'),
    });
    return { ARN: secret.arn, Name: secret.name };
  },

  RotateSecret(store, input, rotations) {
    const secret = store.find(requiredText(input, 'SecretId'));
    const token = optionalToken(input) ?? randomUUID();
    rotations.start(secret, token, { immediately: input.RotateImmediately !== false });
    return { ARN: secret.arn, Name: secret.name, VersionId: token };
  },
};

/**
 * Performs one operation of the Secrets Manager API: JSON text in, the answer's members out.
 * @throws SecretsManagerError with AWS's name for the error
 */
export function perform(
  { store, rotations }: { store: SecretStore; rotations: SecretRotations },
  operation: string,
  body: string,
): Record<string, unknown> {
  const handle = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
  if (!handle) throw new SecretsManagerError('UnknownOperationException', 'No such operation here.');
  const input = parseObject(body);
  if (!input) throw new SecretsManagerError('SerializationException', 'The body is not a JSON object.');
  return handle(store, input, rotations);
}

function optionalText(input: Input, name: string): string | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw new SecretsManagerError('ValidationException', `${name} must be a string that is not empty.`);
}

function requiredText(input: Input, name: string): string {
  const value = optionalText(input, name);
  if (value === undefined) throw new SecretsManagerError('ValidationException', `${name} must not be null.`);
  return value;
}

function optionalLabels(input: Input): string[] | undefined {
  const labels = input.VersionStages ?? undefined;
  if (labels === undefined) return undefined;
  if (Array.isArray(labels) && labels.length > 0 && labels.every((label) => typeof label === 'string'))
    return labels;
  throw new SecretsManagerError('ValidationException', 'VersionStages must be a list of 1 to 20 strings.');
}

function optionalToken(input: Input): string | undefined {
  const token = optionalText(input, 'ClientRequestToken');
  if (token === undefined || (token.length >= 32 && token.length <= 64)) return token;
  throw new SecretsManagerError(
    'InvalidParameterException',
    'ClientRequestToken must be 32-64 characters long.',
  );
}

const epochSeconds = (date: Date): number => date.getTime() / 1000;
