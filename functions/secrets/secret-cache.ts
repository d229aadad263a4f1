import {
  GetSecretValueCommand,
  type GetSecretValueCommandOutput,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { secretReadTimeoutMs } from '../deadlines.ts';
import { OperatorError, reasonOf } from '../errors.ts';
import type { RequestScope } from '../request-scope.ts';
import { secretLabels } from './secret-labels.ts';

/** One version of a secret, as it was read. */
export type SecretVersion<T> = {
  id: string;
  value: T;
  createdAt: Date | undefined;
  labels: readonly string[];
};

/** The version in use and the one before it, if that is known. */
export type SecretVersions<T> = {
  current: SecretVersion<T>;
  previous?: SecretVersion<T> | undefined;
};

/** How long a value is cached, in milliseconds from the start of its read. */
export type CacheLife = {
  freshMs: number;
  /** Fraction by which `freshMs` varies, so that many functions do not read a secret at the same moment. */
  jitter: number;
  /** Until then the value is served while its refresh fails; at most `freshMs`: never. */
  staleMs: number;
};

/** Fresh for 300 s ± 10 %, and served for up to an hour while the refresh fails. */
export const usualLife: CacheLife = { freshMs: 300_000, jitter: 0.1, staleMs: 3_600_000 };

/** Which secret is cached, and the clock and the random numbers that decide how long. */
export type CachedSecret = {
  client: SecretsManagerClient;
  secretArn: string;
  /** Epoch milliseconds. It is the wall clock, because a frozen function's monotonic clock stops. */
  now?: () => number;
  /** 0 to 1. */
  random?: () => number;
};

/** Which secret is cached, and how. */
export type SecretCacheOptions<T> = CachedSecret & {
  /** @throws if the value is unusable: a current one counts as a failed read, a previous one as absent. */
  parse(secretString: string | undefined, versionId: string): T;
  /**
   * Whether each read includes the previous version. If not, it is the version that was cached before, and only an
   * unknown id causes a read of both.
   */
  withPrevious?: boolean;
  /** Default: `usualLife`. */
  lifeOf?: (value: T) => CacheLife;
};

const pauseAfterFailureMs = 30_000;
/** How often `reread` reads at most. */
export const rereadIntervalMs = 1_000;
const lookupIntervalMs = 5_000;
const failureIntervalMs = 1_000;

type Cached<T> = SecretVersions<T> & {
  readAt: number;
  refreshAt: number;
  staleUntil: number;
  isStale: boolean;
};
type Forced<T> = { versions: Promise<SecretVersions<T>>; until: number };

/**
 * A secret's current and previous version, cached in memory. Each method ends within its scope, and @throws OperatorError
 * `secrets_unavailable`.
 */
export class SecretCache<T> {
  readonly #options: SecretCacheOptions<T>;
  readonly #now: () => number;
  readonly #random: () => number;
  #cached: Cached<T> | undefined;
  #reading: Promise<SecretVersions<T>> | undefined;
  /** The forced reads that are not repeated yet, by what caused them. */
  readonly #forced = new Map<string, Forced<T>>();

  constructor(options: SecretCacheOptions<T>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
  }

  /** The cached versions at any age. */
  peek(): SecretVersions<T> | undefined {
    return this.#cached;
  }

  /** The versions, as long as `lifeOf` allows from memory. A refresh that failed is tried again after 30 s. */
  async get(scope: RequestScope): Promise<SecretVersions<T>> {
    let cached = this.#cached;
    if (!cached || this.#now() >= cached.refreshAt) {
      try {
        return await this.#read(scope);
      } catch (error) {
        cached = this.#cached;
        if (!cached || this.#now() >= cached.staleUntil) throw error;
        cached.isStale = true;
        cached.refreshAt = Math.min(this.#now() + pauseAfterFailureMs, cached.staleUntil);
      }
    }
    if (cached.isStale) scope.trace.secretStale = true;
    return cached;
  }

  /** The versions, read again at most once a second; concurrent callers share a read, even its error. */
  async reread(scope: RequestScope): Promise<SecretVersions<T>> {
    return await (this.#reading ?? this.#atMostEvery(rereadIntervalMs, 'reread', () => this.#read(scope)));
  }

  /**
   * The version that `matches`. If none in memory does, both are read again, at most once in 5 s for the same `id`, or
   * in a second after a failure; concurrent callers share the read, even its error.
   */
  async find(
    matches: (version: SecretVersion<T>) => boolean,
    id: string,
    scope: RequestScope,
  ): Promise<SecretVersion<T> | undefined> {
    const among = ({ current, previous }: SecretVersions<T>) =>
      matches(current) ? current : previous && matches(previous) ? previous : undefined;
    const read = () => this.#fetch(scope, true);
    return (
      among(await this.get(scope)) ?? among(await this.#atMostEvery(lookupIntervalMs, `find ${id}`, read))
    );
  }

  #atMostEvery(
    intervalMs: number,
    cause: string,
    read: () => Promise<SecretVersions<T>>,
  ): Promise<SecretVersions<T>> {
    for (const [each, { until }] of this.#forced) if (this.#now() >= until) this.#forced.delete(each);
    const until = this.#now() + intervalMs;
    const forced = this.#forced.get(cause) ?? { versions: read(), until };
    this.#forced.set(cause, forced);
    forced.versions.catch(() => {
      forced.until = Math.min(forced.until, this.#now() + failureIntervalMs);
    });
    return forced.versions;
  }

  #read(scope: RequestScope): Promise<SecretVersions<T>> {
    this.#reading ??= this.#fetch(scope, this.#options.withPrevious ?? false).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #fetch({ deadline, trace }: RequestScope, withPrevious: boolean): Promise<SecretVersions<T>> {
    trace.secretReads += 1;
    const readAt = this.#now();
    const timeLeftMs = Math.max(0, Math.min(secretReadTimeoutMs, deadline - Date.now()));
    const abortSignal = AbortSignal.timeout(timeLeftMs);
    try {
      const [current, previous] = await Promise.all([
        this.#getValue(secretLabels.current, abortSignal),
        withPrevious ? this.#getValue(secretLabels.previous, abortSignal).catch(ignoreNotFound) : undefined,
      ]);
      const read = this.#versionOf(current);
      const versions = {
        current: read,
        previous: withPrevious
          ? previous && unlessItThrows(() => this.#versionOf(previous))
          : this.#before(read),
      };
      this.#keep(versions, readAt);
      return versions;
    } catch (cause) {
      throw new OperatorError('secrets_unavailable', { cause });
    }
  }

  #getValue(label: string, abortSignal: AbortSignal): Promise<GetSecretValueCommandOutput> {
    const { client, secretArn } = this.#options;
    return client.send(new GetSecretValueCommand({ SecretId: secretArn, VersionStage: label }), {
      abortSignal,
    });
  }

  #versionOf(output: GetSecretValueCommandOutput): SecretVersion<T> {
    const { SecretString, VersionId: id = '', CreatedDate, VersionStages = [] } = output;
    return {
      id,
      value: this.#options.parse(SecretString, id),
      createdAt: CreatedDate,
      labels: VersionStages,
    };
  }

  /** Caches what was read, unless what is cached was read later. */
  #keep(versions: SecretVersions<T>, readAt: number): void {
    if (this.#cached && readAt < this.#cached.readAt) return;
    const { lifeOf } = this.#options;
    const { freshMs, jitter, staleMs } = lifeOf?.(versions.current.value) ?? usualLife;
    const keptMs = freshMs * (1 - jitter + 2 * jitter * this.#random());
    this.#cached = {
      ...versions,
      readAt,
      refreshAt: readAt + keptMs,
      staleUntil: readAt + staleMs,
      isStale: false,
    };
  }

  /** The version that `current` has replaced, as far as it is known without a read. */
  #before(current: SecretVersion<T>): SecretVersion<T> | undefined {
    return this.#cached && this.#cached.current.id !== current.id
      ? this.#cached.current
      : this.#cached?.previous;
  }
}

function ignoreNotFound(error: unknown): undefined {
  if (reasonOf(error) !== 'ResourceNotFoundException') throw error;
}

function unlessItThrows<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
