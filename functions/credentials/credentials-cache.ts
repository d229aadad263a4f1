import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { refusedMs, secretReadTimeoutMs } from '../deadlines.ts';
import { OperatorError, reasonOf } from '../errors.ts';
import type { RequestScope } from '../request-scope.ts';
import { type CacheClock, type CachedSecret, cacheSecret } from '../secrets/cached-secret.ts';
import { type CredentialsPair, parsePair } from './credentials-pair.ts';

/** The stage's pair, and the version of the secret that it was read from. */
export type CredentialsVersion = CredentialsPair & { versionId: string };

const unsetMs = 1_000;
/** While the vendor refuses the pair, the secret is read at most this often. */
export const forcedReadIntervalMs = 1_000;
/** The same unknown version id causes a read at most this often. */
const lookupIntervalMs = 5_000;

type CacheOptions = CacheClock & { client: SecretsManagerClient; secretArn: string };

/** The secret `{"apiKey": "…", "integrationId": "…"}` of Secrets Manager, cached in memory. */
export class CredentialsCache {
  readonly #client: SecretsManagerClient;
  readonly #secretArn: string;
  readonly #now: () => number;
  readonly #secret: CachedSecret<CredentialsVersion>;
  /** Until when the cache knows that the secret holds no pair. */
  #unsetUntil = Number.NEGATIVE_INFINITY;
  #forcedReadAt = Number.NEGATIVE_INFINITY;
  /** The version before the cached one, if it is known. */
  #former: CredentialsVersion | undefined;
  /** The reads of the last 5 s, by the version that was not in memory. */
  readonly #lookups = new Map<string, { versions: Promise<CredentialsVersion[]>; at: number }>();
  /** The version that the vendor refuses, and until when the vendor is not called with it. */
  #refusal: { versionId: string; until: number } | undefined;

  constructor({ client, secretArn, ...clock }: CacheOptions) {
    this.#client = client;
    this.#secretArn = secretArn;
    this.#now = clock.now ?? Date.now;
    this.#secret = cacheSecret((abortSignal) => this.#fetch(abortSignal), clock);
  }

  /**
   * The credentials in use, whether the vendor accepts them or not.
   * @throws OperatorError `credentials_not_set`, `secrets_unavailable`.
   */
  async read(scope: RequestScope): Promise<CredentialsVersion> {
    if (this.#now() < this.#unsetUntil) throw new OperatorError('credentials_not_set');
    const credentials = await this.#secret.get(scope);
    scope.trace.secretVersionId = credentials.versionId;
    return credentials;
  }

  /** Reads an overdue pair again, ahead of `read`. Never rejects, and reads nothing that is not in memory yet. */
  async refresh(scope: RequestScope): Promise<void> {
    if (this.#secret.peek()) await this.#secret.get(scope).catch(() => undefined);
  }

  /**
   * The pair of this version, if it is the current or the previous one. A version that is not in memory forces a read of
   * both, at most one per 5 s for the same version; concurrent callers share it.
   * @throws OperatorError `secrets_unavailable`.
   */
  async find(versionId: string, scope: RequestScope): Promise<CredentialsVersion | undefined> {
    const known = [this.#secret.peek(), this.#former].find((version) => version?.versionId === versionId);
    if (known) return known;
    for (const [id, { at }] of this.#lookups) {
      if (this.#now() >= at + lookupIntervalMs) this.#lookups.delete(id);
    }
    const lookup = this.#lookups.get(versionId) ?? { versions: this.#fetchVersions(scope), at: this.#now() };
    this.#lookups.set(versionId, lookup);
    return (await lookup.versions).find((version) => version.versionId === versionId);
  }

  /**
   * The credentials to call the vendor with: those that `read` returned, or a version that has replaced them.
   * @throws OperatorError `credentials_refused` while the vendor is known to refuse them; `credentials_not_set`.
   */
  async usable(credentials: CredentialsVersion, scope: RequestScope): Promise<CredentialsVersion> {
    if (this.#refusal?.versionId !== credentials.versionId) return credentials;
    if (this.#now() < this.#refusal.until) return await this.#replacementOf(credentials, scope);
    this.refuse(credentials); // Only this request calls the vendor again; the others wait for the result.
    return credentials;
  }

  /**
   * After the vendor refused `refused`: the version that has replaced it since.
   * @throws OperatorError `credentials_refused` if there is none; `credentials_not_set`.
   */
  async replace(refused: CredentialsVersion, scope: RequestScope): Promise<CredentialsVersion> {
    this.refuse(refused);
    return await this.#replacementOf(refused, scope);
  }

  /** Remembers for 15 s that the vendor refuses this version. */
  refuse({ versionId }: CredentialsVersion): void {
    this.#refusal = { versionId, until: this.#now() + refusedMs };
  }

  /** Forgets a refusal: the vendor has accepted this version. */
  accept({ versionId }: CredentialsVersion): void {
    if (this.#refusal?.versionId === versionId) this.#refusal = undefined;
  }

  async #fetch(abortSignal: AbortSignal): Promise<CredentialsVersion> {
    const current = await this.#fetchVersion({}, abortSignal);
    if (current === undefined) {
      this.#secret.forget(); // The secret no longer holds a pair: the cached one must never be served again.
      this.#unsetUntil = this.#now() + unsetMs;
      throw new OperatorError('credentials_not_set');
    }
    this.#unsetUntil = Number.NEGATIVE_INFINITY;
    const replaced = this.#secret.peek();
    if (replaced && replaced.versionId !== current.versionId) this.#former = replaced;
    return current;
  }

  async #fetchVersions({ deadline, trace }: RequestScope): Promise<CredentialsVersion[]> {
    trace.secretReads += 1;
    const timeLeftMs = Math.max(0, Math.min(secretReadTimeoutMs, deadline - Date.now()));
    const abortSignal = AbortSignal.timeout(timeLeftMs);
    const [current, previous] = await Promise.all([
      this.#fetchVersion({}, abortSignal),
      this.#fetchVersion({ VersionStage: 'AWSPREVIOUS' }, abortSignal),
    ]);
    this.#former = previous;
    return [current, previous].filter((version) => version !== undefined);
  }

  /** The version that holds the label, by default the current one; undefined if there is no usable pair. */
  async #fetchVersion(
    label: { VersionStage?: string },
    abortSignal: AbortSignal,
  ): Promise<CredentialsVersion | undefined> {
    try {
      const command = new GetSecretValueCommand({ SecretId: this.#secretArn, ...label });
      const { SecretString, VersionId = '' } = await this.#client.send(command, { abortSignal });
      const pair = parsePair(SecretString);
      return pair && { ...pair, versionId: VersionId };
    } catch (cause) {
      // Until the first rotation there is no previous version.
      if (label.VersionStage && reasonOf(cause) === 'ResourceNotFoundException') return undefined;
      throw new OperatorError('secrets_unavailable', { cause });
    }
  }

  async #replacementOf(known: CredentialsVersion, scope: RequestScope): Promise<CredentialsVersion> {
    const replacement = await this.#reread(known, scope);
    scope.trace.secretVersionId = replacement.versionId;
    if (replacement.versionId === known.versionId) throw new OperatorError('credentials_refused');
    return replacement;
  }

  /** Reads again, at most once a second, unless another version is already cached. */
  async #reread(known: CredentialsVersion, scope: RequestScope): Promise<CredentialsVersion> {
    const cached = this.#secret.peek();
    if (cached && cached.versionId !== known.versionId) return cached;
    if (!this.#secret.isReading()) {
      if (this.#now() < this.#forcedReadAt + forcedReadIntervalMs) return known;
      this.#forcedReadAt = this.#now();
    }
    return await this.#secret.read(scope).catch((error) => {
      if (error instanceof OperatorError && error.code === 'credentials_not_set') throw error;
      return known;
    });
  }
}
