import { OperatorError } from '../errors.ts';
import type { RequestScope } from '../request-scope.ts';
import { type CachedSecret, SecretCache, usualLife } from '../secrets/secret-cache.ts';
import { type CredentialsPair, parsePair, unsetLife } from './credentials-pair.ts';
import { RefusalMemory } from './refusal-memory.ts';

/** The stage's pair, and the version of the secret that it was read from. */
export type CredentialsVersion = CredentialsPair & { versionId: string };

/** The secret `{"apiKey": "…", "integrationId": "…"}` of Secrets Manager, cached in memory. */
export class CredentialsCache {
  readonly #secret: SecretCache<CredentialsVersion | undefined>;
  readonly #refusals: RefusalMemory;

  constructor(options: CachedSecret) {
    this.#secret = new SecretCache({
      ...options,
      parse: readVersion,
      lifeOf: (credentials) => (credentials ? usualLife : unsetLife),
    });
    this.#refusals = new RefusalMemory(options.now ?? Date.now);
  }

  /**
   * The credentials in use, whether the vendor accepts them or not.
   * @throws OperatorError `credentials_not_set`, `secrets_unavailable`.
   */
  async read(scope: RequestScope): Promise<CredentialsVersion> {
    const { current } = await this.#secret.get(scope);
    if (current.value === undefined) throw new OperatorError('credentials_not_set');
    scope.trace.secretVersionId = current.id;
    return current.value;
  }

  /** Reads an overdue pair in memory again, ahead of `read`. @throws OperatorError `secrets_unavailable`. */
  async refresh(scope: RequestScope): Promise<void> {
    if (this.#secret.peek()?.current.value) await this.#secret.get(scope);
  }

  /**
   * The pair of this version, if it is the current or the previous one. A version that is not in memory forces a read of
   * both, at most one per 5 s for the same version, or per second after a failure; concurrent callers share it.
   * @throws OperatorError `secrets_unavailable`.
   */
  async find(versionId: string, scope: RequestScope): Promise<CredentialsVersion | undefined> {
    return (await this.#secret.find(({ id }) => id === versionId, versionId, scope))?.value;
  }

  /**
   * The credentials to call the vendor with: those that `read` returned, or a version that has replaced them.
   * @throws OperatorError `credentials_refused` while the vendor is known to refuse them; `credentials_not_set`.
   */
  async usable(credentials: CredentialsVersion, scope: RequestScope): Promise<CredentialsVersion> {
    const mayTry = this.#refusals.mayTry(credentials.versionId);
    return mayTry ? credentials : await this.#replacementOf(credentials, scope);
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
    this.#refusals.refuse(versionId);
  }

  /** Forgets a refusal: the vendor has accepted this version. */
  accept({ versionId }: CredentialsVersion): void {
    this.#refusals.accept(versionId);
  }

  /** The version in use, read again unless another one is in memory already. */
  async #replacementOf(refused: CredentialsVersion, scope: RequestScope): Promise<CredentialsVersion> {
    const isCached = () => this.#secret.peek()?.current.id === refused.versionId;
    if (isCached()) await this.#secret.reread(scope).catch(() => undefined);
    if (isCached()) throw new OperatorError('credentials_refused');
    return await this.read(scope);
  }
}

function readVersion(secretString: string | undefined, versionId: string): CredentialsVersion | undefined {
  const pair = parsePair(secretString);
  return pair && { ...pair, versionId };
}
