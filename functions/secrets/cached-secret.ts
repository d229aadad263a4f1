import { secretReadTimeoutMs } from '../deadlines.ts';
import type { RequestScope } from '../request-scope.ts';

/** A secret's value, cached in memory. Each lookup ends within its scope, and rejects as `fetch` does. */
export type CachedSecret<T> = {
  /** The value: cached for 300 s ± 10 %, and for up to an hour while the refresh fails. */
  get(scope: RequestScope): Promise<T>;
  /** The value, read again; concurrent callers share one read. */
  read(scope: RequestScope): Promise<T>;
  isReading(): boolean;
  /** The cached value at any age. */
  peek(): T | undefined;
  forget(): void;
};

const freshMs = 300_000;
/** Fraction by which `freshMs` varies, so that many functions do not read the secret at the same moment. */
const jitter = 0.1;
const staleMs = 3_600_000;
const pauseAfterFailureMs = 30_000;

/** The clock and the random numbers that decide how long a value is cached. */
export type CacheClock = {
  /** Epoch milliseconds. It is the wall clock, because a frozen function's monotonic clock stops. */
  now?: () => number;
  /** 0 to 1. */
  random?: () => number;
};

/** Caches what `fetch` reads. */
export function cacheSecret<T>(
  fetch: (abortSignal: AbortSignal) => Promise<T>,
  { now = Date.now, random = Math.random }: CacheClock,
): CachedSecret<T> {
  let kept: { value: T; readAt: number; refreshAt: number; isStale: boolean } | undefined;
  let reading: Promise<T> | undefined;

  function read({ deadline, trace }: RequestScope): Promise<T> {
    if (reading === undefined) {
      trace.secretReads += 1;
      reading = readAndKeep(deadline).finally(() => {
        reading = undefined;
      });
    }
    return reading;
  }

  async function readAndKeep(deadline: number): Promise<T> {
    const timeLeftMs = Math.max(0, Math.min(secretReadTimeoutMs, deadline - Date.now()));
    const value = await fetch(AbortSignal.timeout(timeLeftMs));
    const keptMs = freshMs * (1 - jitter + 2 * jitter * random());
    kept = { value, readAt: now(), refreshAt: now() + keptMs, isStale: false };
    return value;
  }

  return {
    async get(scope) {
      if (!kept || now() >= kept.refreshAt) {
        try {
          return await read(scope);
        } catch (error) {
          const staleUntil = kept ? kept.readAt + staleMs : Number.NEGATIVE_INFINITY;
          if (!kept || now() >= staleUntil) throw error;
          kept.isStale = true;
          kept.refreshAt = Math.min(now() + pauseAfterFailureMs, staleUntil);
        }
      }
      if (kept.isStale) scope.trace.secretStale = true;
      return kept.value;
    },
    read,
    isReading: () => reading !== undefined,
    peek: () => kept?.value,
    forget: () => {
      kept = undefined;
    },
  };
}
