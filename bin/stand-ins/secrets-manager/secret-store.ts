import { randomBytes, randomUUID } from 'node:crypto';

/** An error as Secrets Manager names it: `name` is what a client sees and branches on. */
export class SecretsManagerError extends Error {
  readonly statusCode: number;

  constructor(name: string, message: string, statusCode = 400) {
    super(message);
    this.name = name;
    this.statusCode = statusCode;
  }
}

/** One value, with the moment it was stored; a rotation starts with a version that has no value yet. */
interface SecretVersion {
  value: string | undefined;
  createdAt: Date;
}

/** A secret: its versions by id, and for each label the version that holds it (a label has one holder at most). */
export interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly createdAt: Date;
  changedAt: Date;
  readonly versions: Map<string, SecretVersion>;
  readonly versionIdsByLabel: Map<string, string>;
  rotate: RotationFunction | undefined;
  /** Whether AWSPENDING stays on its version when AWSCURRENT moves there. */
  readonly pendingStays: boolean;
}

/** Rotates a secret: it is invoked for each step, and rejects if the step fails. */
export type RotationFunction = (event: {
  Step: RotationStep;
  SecretId: string;
  ClientRequestToken: string;
}) => Promise<unknown>;

/** A step of a rotation. */
export type RotationStep = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';

/** A move of one label: `from` is required if another version has it; without `to` it is removed. */
export interface LabelMove {
  label: string;
  from: string | undefined;
  to: string | undefined;
}

const current = 'AWSCURRENT';
const previous = 'AWSPREVIOUS';
const pending = 'AWSPENDING';
const arnSuffix = /-[^-]{6}$/;

const invalidParameter = (message: string) => new SecretsManagerError('InvalidParameterException', message);
/** What RotateSecret answers while another rotation has not ended. */
export const rotationIncomplete = () =>
  new SecretsManagerError(
    'InvalidRequestException',
    "A previous rotation isn't complete. That rotation will be reattempted.",
  );
const notFound = (message: string) => new SecretsManagerError('ResourceNotFoundException', message);
const exists = (message: string) => new SecretsManagerError('ResourceExistsException', message);

/**
 * Secrets and their labels in memory, by the rules of the Secrets Manager API reference (2017-10-17). Values are
 * text only.
 */
export class SecretStore {
  readonly #secrets: Secret[] = [];
  readonly #region: string;
  readonly #pendingStays: boolean;

  constructor(region: string, { pendingStays = false } = {}) {
    this.#region = region;
    this.#pendingStays = pendingStays;
  }

  /** @throws SecretsManagerError `ResourceExistsException` for a name that is taken */
  create(name: string, description?: string): Secret {
    if (this.#secrets.some((secret) => secret.name === name)) {
      throw exists(`The operation failed because the secret ${name} already exists.`);
    }
    const arn = `arn:aws:secretsmanager:${this.#region}:000000000000:secret:${name}-${randomBytes(3).toString('hex')}`;
    const now = new Date();
    const secret = {
      arn,
      name,
      description,
      createdAt: now,
      changedAt: now,
      versions: new Map(),
      versionIdsByLabel: new Map(),
      rotate: undefined,
      pendingStays: this.#pendingStays,
    };
    this.#secrets.push(secret);
    return secret;
  }

  /**
   * @param id the name, the ARN, or the ARN without its random suffix
   * @throws SecretsManagerError `ResourceNotFoundException`
   */
  find(id: string): Secret {
    const found = this.#secrets.find(({ name, arn }) => [name, arn, arn.replace(arnSuffix, '')].includes(id));
    if (!found) throw notFound("Secrets Manager can't find the specified secret.");
    return found;
  }
}

/** The labels a version holds. */
export function labelsOf(secret: Secret, versionId: string): string[] {
  return [...secret.versionIdsByLabel].filter(([, holder]) => holder === versionId).map(([label]) => label);
}

/** Finds a version by id, by label or by both; by default the current one. */
export function findVersion(
  secret: Secret,
  versionId: string | undefined,
  label: string | undefined,
): { versionId: string; value: string; createdAt: Date } {
  const wanted = versionId ?? secret.versionIdsByLabel.get(label ?? current);
  const { value, createdAt } = secret.versions.get(wanted ?? '') ?? {};
  if (wanted === undefined || value === undefined || createdAt === undefined) {
    const what = versionId ? `VersionId: ${versionId}` : `staging label: ${label ?? current}`;
    throw notFound(`Secrets Manager can't find the specified secret value for ${what}`);
  }
  if (label !== undefined && secret.versionIdsByLabel.get(label) !== wanted) {
    throw new SecretsManagerError(
      'InvalidRequestException',
      'You provided a VersionStage that is not associated to the provided VersionId.',
    );
  }
  return { value, createdAt, versionId: wanted };
}

/**
 * Stores a value as a new version. The same token with the same value does nothing, with another value it fails. The
 * first version of a secret is current regardless of its labels.
 */
export function putVersion(
  secret: Secret,
  value: string,
  {
    token = randomUUID(),
    labels = [current],
  }: { token?: string | undefined; labels?: string[] | undefined } = {},
): string {
  const existing = secret.versions.get(token)?.value;
  if (existing !== undefined && existing !== value) {
    throw exists(
      `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  if (existing !== undefined) return token;

  const isFirst = secret.versions.size === 0;
  const now = new Date();
  secret.versions.set(token, { value, createdAt: now });
  secret.changedAt = now;
  for (const label of isFirst ? new Set([current, ...labels]) : labels) attach(secret, label, token);
  return token;
}

/**
 * Moves a label, or removes it. Moving AWSCURRENT removes AWSPENDING from the version in the same call ("Lambda
 * rotation functions", user guide, read November 2026); others report that it stays, which `pendingStays` simulates.
 */
export function moveLabel(secret: Secret, { label, from, to }: LabelMove): void {
  for (const versionId of [from, to]) {
    if (versionId !== undefined && !secret.versions.has(versionId)) {
      throw notFound(`Secrets Manager can't find the specified secret value for VersionId: ${versionId}`);
    }
  }
  const holder = secret.versionIdsByLabel.get(label);
  if (from !== undefined && from !== holder) {
    throw invalidParameter(
      `Staging label ${label} is not attached to the version in RemoveFromVersionId: ${from}.`,
    );
  }
  if (to !== undefined) {
    if (holder !== undefined && holder !== to && from === undefined) {
      throw invalidParameter(
        `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    }
    attach(secret, label, to);
    const takesPendingAlong = label === current && !secret.pendingStays;
    if (takesPendingAlong && secret.versionIdsByLabel.get(pending) === to)
      secret.versionIdsByLabel.delete(pending);
  } else if (from === undefined) {
    throw invalidParameter('You must specify MoveToVersionId, RemoveFromVersionId or both.');
  } else if (label === current) {
    throw invalidParameter(
      `You can only move staging label ${current} to a different secret version. It can’t be completely removed.`,
    );
  } else {
    secret.versionIdsByLabel.delete(label);
  }
  secret.changedAt = new Date();
}

function attach(secret: Secret, label: string, versionId: string): void {
  const holder = secret.versionIdsByLabel.get(label);
  secret.versionIdsByLabel.set(label, versionId);
  if (label === current && holder !== undefined && holder !== versionId)
    secret.versionIdsByLabel.set(previous, holder);
}

/**
 * Makes the pending version that a rotation starts with: without a value, or with a copy of the current one. A version
 * that exists keeps its value.
 * @throws SecretsManagerError while another rotation has not ended
 */
export function putPendingVersion(secret: Secret, token: string, { copy }: { copy: boolean }): void {
  const holder = secret.versionIdsByLabel.get(pending);
  if (holder !== undefined && holder !== secret.versionIdsByLabel.get(current)) {
    throw rotationIncomplete();
  }
  const value = copy ? findVersion(secret, undefined, current).value : undefined;
  if (!secret.versions.has(token)) secret.versions.set(token, { value, createdAt: new Date() });
  attach(secret, pending, token);
}

/** Removes a version, with its labels. */
export function dropVersion(secret: Secret, versionId: string): void {
  secret.versions.delete(versionId);
  for (const label of labelsOf(secret, versionId)) secret.versionIdsByLabel.delete(label);
}
