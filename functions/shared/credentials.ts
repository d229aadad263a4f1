import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type CredentialsPair, parsePair } from './credentials-pair.ts';
import { secretReadTimeoutMs } from './deadlines.ts';
import { OperatorError } from './errors.ts';

/** The stage's pair, and the version of the secret it was read from. */
export type Credentials = CredentialsPair & { versionId: string };

/** What a look-up reports for the log line. */
export type CredentialsTrace = { secretVersionId?: string; secretReads: number; secretStale?: boolean };

/** The stage's credentials, kept in memory. */
export type CredentialsCache = {
  /**
   * The credentials to call the vendor with, read by `deadline` (epoch ms).
   * @throws OperatorError `credentials_not_set`, `secrets_unavailable`, or `credentials_refused` while the vendor
   * is known to refuse the current version.
   */
  get(deadline: number, trace: CredentialsTrace): Promise<Credentials>;
  /**
   * After the vendor refused `refused`: the version that has replaced it meanwhile.
   * @throws OperatorError `credentials_refused` where none has; `credentials_not_set`.
   */
  replace(refused: Credentials, deadline: number, trace: CredentialsTrace): Promise<Credentials>;
  /** Remembers that the vendor refuses this version. */
  refuse(credentials: Credentials): void;
  /** Forgets a refusal: the vendor has taken this version. */
  accept(credentials: Credentials): void;
};

const freshMs = 300_000;
/** Share by which `freshMs` varies, so that many functions do not read the secret at the same moment. */
const jitter = 0.1;
const staleMs = 3_600_000;
const pauseAfterFailureMs = 30_000;
const unsetMs = 1_000;
const refusedMs = 15_000;
const forcedReadIntervalMs = 1_000;

type CacheOptions = {
  client: SecretsManagerClient;
  secretArn: string;
  /** Epoch milliseconds. It is the wall clock, because a frozen function's monotonic clock stands still. */
  now?: () => number;
  /** 0 to 1. */
  random?: () => number;
};

/** A cache over the secret `{"apiKey": "…", "integrationId": "…"}` in Secrets Manager. */
export function createCredentialsCache(options: CacheOptions): CredentialsCache {
  const { client, secretArn, now = Date.now, random = Math.random } = options;
  let cached: { credentials: Credentials; readAt: number; expiresAt: number } | undefined;
  let unset: { error: OperatorError; until: number } | undefined;
  let pausedUntil = 0;
  let reading: Promise<Credentials> | undefined;
  let forcedReadAt = Number.NEGATIVE_INFINITY;
  let refusal: { versionId: string; until: number } | undefined;

  /** One read serves all who wait for it. */
  function read(deadline: number, trace: CredentialsTrace): Promise<Credentials> {
    if (reading === undefined) {
      trace.secretReads += 1;
      reading = fetchSecret(deadline).finally(() => {
        reading = undefined;
      });
    }
    return reading;
  }

  async function fetchSecret(deadline: number): Promise<Credentials> {
    const timeLeftMs = Math.max(0, Math.min(secretReadTimeoutMs, deadline - now()));
    const answer = await client
      .send(new GetSecretValueCommand({ SecretId: secretArn }), {
        abortSignal: AbortSignal.timeout(timeLeftMs),
      })
      .catch((cause) => {
        throw new OperatorError('secrets_unavailable', { cause });
      });
    const pair = parsePair(answer.SecretString);
    if (pair === undefined) {
      const error = new OperatorError('credentials_not_set');
      unset = { error, until: now() + unsetMs };
      cached = undefined; // The operator has taken the pair away: it must not come back from memory.
      throw error;
    }
    unset = undefined;
    const credentials = { ...pair, versionId: answer.VersionId ?? '' };
    const keptMs = freshMs * (1 - jitter + 2 * jitter * random());
    cached = { credentials, readAt: now(), expiresAt: now() + keptMs };
    return credentials;
  }

  async function current(deadline: number, trace: CredentialsTrace): Promise<Credentials> {
    if (unset && now() < unset.until) throw unset.error;
    if (cached && now() < cached.expiresAt) return cached.credentials;
    if (cached && now() < pausedUntil && now() < cached.readAt + staleMs) {
      trace.secretStale = true;
      return cached.credentials;
    }
    try {
      return await read(deadline, trace);
    } catch (error) {
      if (isNotSet(error) || !cached || now() >= cached.readAt + staleMs) throw error;
      pausedUntil = now() + pauseAfterFailureMs;
      trace.secretStale = true;
      return cached.credentials;
    }
  }

  /** Reads again, at most once a second, unless the version has changed already. */
  async function reread(known: Credentials, deadline: number, trace: CredentialsTrace): Promise<Credentials> {
    if (cached && cached.credentials.versionId !== known.versionId) return cached.credentials;
    if (reading === undefined) {
      if (now() < forcedReadAt + forcedReadIntervalMs) return known;
      forcedReadAt = now();
    }
    return await read(deadline, trace).catch((error) => {
      if (isNotSet(error)) throw error;
      return known;
    });
  }

  async function replacementOf(
    known: Credentials,
    deadline: number,
    trace: CredentialsTrace,
  ): Promise<Credentials> {
    const replacement = await reread(known, deadline, trace);
    trace.secretVersionId = replacement.versionId;
    if (replacement.versionId === known.versionId) throw new OperatorError('credentials_refused');
    return replacement;
  }

  function refuse({ versionId }: Credentials): void {
    refusal = { versionId, until: now() + refusedMs };
  }

  return {
    async get(deadline, trace) {
      const credentials = await current(deadline, trace);
      trace.secretVersionId = credentials.versionId;
      if (refusal?.versionId !== credentials.versionId) return credentials;
      if (now() < refusal.until) return await replacementOf(credentials, deadline, trace);
      refuse(credentials); // This request alone asks the vendor again; the others wait for what it learns.
      return credentials;
    },
    async replace(refused, deadline, trace) {
      refuse(refused);
      return await replacementOf(refused, deadline, trace);
    },
    refuse,
    accept({ versionId }) {
      if (refusal?.versionId === versionId) refusal = undefined;
    },
  };
}

function isNotSet(error: unknown): boolean {
  return error instanceof OperatorError && error.code === 'credentials_not_set';
}
