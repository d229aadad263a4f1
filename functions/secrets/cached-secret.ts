import { secretReadTimeoutMs } from '../deadlines.ts';

/** What a look-up reports for the log line. */
export type SecretTrace = {
  /** Reads that this look-up started. */
  secretReads: number;
  /** Whether what was served is overdue for a refresh that failed. */
  secretStale?: boolean;
};

/** A secret's value kept in memory. Each look-up ends by `deadline` (epoch ms), and rejects as `fetch` does. */
export type CachedSecret<T> = {
  /** The value: kept for 300 s ± 10 %, and for up to an hour while refreshing it fails. */
  get(deadline: number, trace: SecretTrace): Promise<T>;
  /** The value read anew; one read serves all who wait for it. */
  read(deadline: number, trace: SecretTrace): Promise<T>;
  isReading(): boolean;
  /** What is kept, whatever its age. */
  peek(): T | undefined;
  forget(): void;
};

const freshMs = 300_000;
/** Share by which `freshMs` varies, so that many functions do not read the secret at the same moment. */
const jitter = 0.1;
const staleMs = 3_600_000;
const pauseAfterFailureMs = 30_000;

/** What tells time and chance, for the age of what is kept. */
export type CacheClock = {
  /** Epoch milliseconds. It is the wall clock, because a frozen function's monotonic clock stands still. */
  now?: () => number;
  /** 0 to 1. */
  random?: () => number;
};

/** Keeps what `fetch` reads. */
export function cacheSecret<T>(
  fetch: (abortSignal: AbortSignal) => Promise<T>,
  { now = Date.now, random = Math.random }: CacheClock,
): CachedSecret<T> {
  let kept: { value: T; readAt: number; refreshAt: number; isStale: boolean } | undefined;
  let reading: Promise<T> | undefined;

  function read(deadline: number, trace: SecretTrace): Promise<T> {
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
    async get(deadline, trace) {
      if (!kept || now() >= kept.refreshAt) {
        try {
          return await read(deadline, trace);
        } catch (error) {
          const staleUntil = kept ? kept.readAt + staleMs : Number.NEGATIVE_INFINITY;
          if (!kept || now() >= staleUntil) throw error;
          kept.isStale = true;
          kept.refreshAt = Math.min(now() + pauseAfterFailureMs, staleUntil);
        }
      }
      if (kept.isStale) trace.secretStale = true;
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
