import { type CredentialsPair, parsePair, unsetLife } from '../credentials/credentials-pair.ts';
import { versionLabels } from '../credentials/version-labels.ts';
import { forcedReadTimeoutMs, secretTryTimeoutMs, warmUpTimeoutMs } from '../deadlines.ts';
import { CallerError, OperatorError } from '../errors.ts';
import { createScope, limitScope, type RequestScope } from '../request-scope.ts';
import { secretsManagerDefaults } from '../secrets/client-defaults.ts';
import {
  type CachedSecret,
  SecretCache,
  type SecretVersion,
  type SecretVersions,
} from '../secrets/secret-cache.ts';
import type { ReceiveResultSettings } from './settings.ts';
import { findValid, type Signature } from './signatures.ts';

/** How the secret is read for a result: one try. */
export const resultSecretDefaults = { ...secretsManagerDefaults, maxAttempts: 1 };

/** A key that verified a result, and the pair that it belongs to. */
export type VerifiedKey = {
  pair: CredentialsPair;
  versionId: string;
  which: 'current' | 'previous';
  form: Signature['form'];
};

type ResultKeysOptions = Omit<CachedSecret, 'secretArn'> & {
  settings: Pick<ReceiveResultSettings, 'credentialsSecretArn' | 'previousKeyDays'>;
};

type Pair = CredentialsPair | undefined;

/** Never stale, so that a compromised key is refused within a minute; never longer than that, jitter included. */
const pairLife = { freshMs: 55_000, jitter: 0.05, staleMs: 0 };

const dayMs = 86_400_000;

/** The API keys that verify results: the one in use and, for some days, the one before it. */
export class ResultKeys {
  readonly #secret: SecretCache<Pair>;
  readonly #previousKeyMs: number;
  readonly #now: () => number;

  constructor({ settings, ...options }: ResultKeysOptions) {
    this.#secret = new SecretCache({
      ...options,
      secretArn: settings.credentialsSecretArn,
      parse: parsePair,
      withPrevious: true,
      lifeOf: (pair) => (pair ? pairLife : unsetLife),
    });
    this.#previousKeyMs = settings.previousKeyDays * dayMs;
    this.#now = options.now ?? Date.now;
  }

  /** Reads the keys during init. Errors are ignored: the first request retries. */
  async warmUp(): Promise<void> {
    await this.#secret.get(createScope(Date.now() + warmUpTimeoutMs)).catch(() => undefined);
  }

  /**
   * The keys that one of the signatures of `bytes` was made with; both, if two pairs have the same key. If none in
   * memory was, both versions are read again, at most once a second.
   * @throws CallerError `signature_invalid`, OperatorError `secrets_unavailable`, `credentials_not_set`.
   */
  async verify(
    bytes: Buffer,
    signatures: readonly Signature[],
    scope: RequestScope,
  ): Promise<[VerifiedKey, ...VerifiedKey[]]> {
    const among = (versions: SecretVersions<Pair>) =>
      this.#acceptable(versions).flatMap(({ id, value: pair, which }) => {
        const valid = pair && findValid(signatures, bytes, pair.apiKey);
        return valid ? [{ pair, versionId: id, which, form: valid.form }] : [];
      });
    let verified = among(await this.#secret.get(limitScope(scope, secretTryTimeoutMs)));
    if (verified.length === 0) {
      verified = among(await this.#secret.reread(limitScope(scope, forcedReadTimeoutMs)));
    }
    const [first, ...others] = verified;
    if (first) return [first, ...others];
    throw this.integrationId === undefined
      ? new OperatorError('credentials_not_set')
      : new CallerError('signature_invalid');
  }

  /** The integration id of the pair in use, as far as it is in memory. */
  get integrationId(): string | undefined {
    return this.#secret.peek()?.current.value?.integrationId;
  }

  #acceptable({ current, previous }: SecretVersions<Pair>) {
    const versions: (SecretVersion<Pair> & { which: VerifiedKey['which'] })[] = [
      { ...current, which: 'current' },
    ];
    if (previous && this.#isAccepted(previous, current)) versions.push({ ...previous, which: 'previous' });
    return versions;
  }

  #isAccepted(previous: SecretVersion<Pair>, { createdAt }: SecretVersion<Pair>): boolean {
    if (createdAt === undefined || previous.labels.includes(versionLabels.compromised)) return false;
    return this.#now() < createdAt.getTime() + this.#previousKeyMs;
  }
}
