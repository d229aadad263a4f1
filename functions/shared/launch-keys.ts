import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CredentialsTrace } from './credentials.ts';
import { prepareTimeoutMs, secretReadTimeoutMs } from './deadlines.ts';
import { OperatorError } from './errors.ts';

/** A key of launch tokens: 256 bits for A256GCM. */
export type LaunchKey = {
  /** The first 8 characters of the secret version's id, which tokens carry as `kid`. */
  id: string;
  bytes: Uint8Array;
};

/** What a look-up reports for the log line. */
export type LaunchKeysTrace = Pick<CredentialsTrace, 'secretReads' | 'secretStale'>;

/**
 * The stage's launch keys, kept in memory. Each look-up ends by `deadline` (epoch ms).
 * Where they cannot be read, or hold no key, it rejects with an OperatorError `secrets_unavailable`.
 */
export type LaunchKeys = {
  /** The key to make tokens with. */
  current(deadline: number, trace: LaunchKeysTrace): Promise<LaunchKey>;
  /** The key with this id, if it is the current or the previous one. */
  find(id: string, deadline: number, trace: LaunchKeysTrace): Promise<LaunchKey | undefined>;
};

const freshMs = 300_000;
/** Share by which `freshMs` varies, so that many functions do not read the secret at the same moment. */
const jitter = 0.1;
const staleMs = 3_600_000;
const pauseAfterFailureMs = 30_000;
/** A made-up key id costs a read at most this often. */
const forcedReadIntervalMs = 5_000;
const idCharacters = 8;

type LaunchKeysOptions = {
  client: SecretsManagerClient;
  secretArn: string;
  /** For the age of what is kept, epoch milliseconds: a frozen function's monotonic clock stands still. */
  now?: () => number;
  /** 0 to 1. */
  random?: () => number;
};

class UnusableLaunchKey extends Error {
  override readonly name = 'UnusableLaunchKey';
}

/** A cache over the current and the previous version of the secret, each 64 hex digits. */
export function createLaunchKeys(options: LaunchKeysOptions): LaunchKeys {
  const { client, secretArn, now = Date.now, random = Math.random } = options;
  let cached: { keys: LaunchKey[]; readAt: number; refreshAt: number; stale: boolean } | undefined;
  let reading: Promise<LaunchKey[]> | undefined;
  let forced: { keys: Promise<LaunchKey[]>; at: number } | undefined;

  /** One read serves all who wait for it. */
  function read(deadline: number, trace: LaunchKeysTrace): Promise<LaunchKey[]> {
    if (reading === undefined) {
      trace.secretReads += 1;
      reading = fetchKeys(deadline).finally(() => {
        reading = undefined;
      });
    }
    return reading;
  }

  async function fetchKeys(deadline: number): Promise<LaunchKey[]> {
    const timeLeftMs = Math.max(0, Math.min(secretReadTimeoutMs, deadline - Date.now()));
    const abortSignal = AbortSignal.timeout(timeLeftMs);
    try {
      const [current, previous] = await Promise.all([
        fetchKey('AWSCURRENT', abortSignal),
        // Until the first renewal there is none.
        fetchKey('AWSPREVIOUS', abortSignal).catch(ignoreNotFound),
      ]);
      if (current === undefined) throw new UnusableLaunchKey();
      const keys = previous === undefined ? [current] : [current, previous];
      const keptMs = freshMs * (1 - jitter + 2 * jitter * random());
      cached = { keys, readAt: now(), refreshAt: now() + keptMs, stale: false };
      return keys;
    } catch (cause) {
      throw new OperatorError('secrets_unavailable', { cause });
    }
  }

  async function fetchKey(label: string, abortSignal: AbortSignal): Promise<LaunchKey | undefined> {
    const command = new GetSecretValueCommand({ SecretId: secretArn, VersionStage: label });
    const { SecretString: hex = '', VersionId: versionId = '' } = await client.send(command, { abortSignal });
    if (!/^[0-9a-f]{64}$/.test(hex)) return undefined;
    return { id: versionId.slice(0, idCharacters), bytes: Buffer.from(hex, 'hex') };
  }

  async function fresh(deadline: number, trace: LaunchKeysTrace): Promise<LaunchKey[]> {
    if (!cached || now() >= cached.refreshAt) {
      try {
        return await read(deadline, trace);
      } catch (error) {
        const staleUntil = (cached?.readAt ?? Number.NEGATIVE_INFINITY) + staleMs;
        if (!cached || now() >= staleUntil) throw error;
        cached.stale = true;
        cached.refreshAt = Math.min(now() + pauseAfterFailureMs, staleUntil);
      }
    }
    if (cached.stale) trace.secretStale = true;
    return cached.keys;
  }

  /** Whoever comes within 5 s of a forced read gets what that one brought, be it an error. */
  function reread(deadline: number, trace: LaunchKeysTrace): Promise<LaunchKey[]> {
    if (!forced || now() >= forced.at + forcedReadIntervalMs) {
      forced = { keys: read(deadline, trace), at: now() };
    }
    return forced.keys;
  }

  const withId = (keys: readonly LaunchKey[], id: string) => keys.find((key) => key.id === id);

  return {
    async current(deadline, trace) {
      const [current] = await fresh(deadline, trace);
      if (current === undefined) throw new OperatorError('secrets_unavailable');
      return current;
    },
    async find(id, deadline, trace) {
      return withId(await fresh(deadline, trace), id) ?? withId(await reread(deadline, trace), id);
    },
  };
}

function ignoreNotFound(error: unknown): undefined {
  if ((error as { name?: unknown }).name !== 'ResourceNotFoundException') throw error;
}

/** Reads the keys while the function starts. A failure here is none: the first request tries again. */
export async function prepareLaunchKeys(launchKeys: LaunchKeys): Promise<void> {
  await launchKeys.current(Date.now() + prepareTimeoutMs, { secretReads: 0 }).catch(() => undefined);
}
