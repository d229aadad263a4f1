import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { OperatorError } from '../errors.ts';
import { type CacheClock, cacheSecret, type SecretTrace } from '../secrets/cached-secret.ts';
import { type CredentialsPair, parsePair } from './credentials-pair.ts';

/** The stage's pair, and the version of the secret it was read from. */
export type Credentials = CredentialsPair & { versionId: string };

/** What a look-up reports for the log line. */
export type CredentialsTrace = SecretTrace & { secretVersionId?: string };

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

const unsetMs = 1_000;
const refusedMs = 15_000;
const forcedReadIntervalMs = 1_000;

type CacheOptions = CacheClock & { client: SecretsManagerClient; secretArn: string };

/** A cache over the secret `{"apiKey": "…", "integrationId": "…"}` in Secrets Manager. */
export function createCredentialsCache({ client, secretArn, ...clock }: CacheOptions): CredentialsCache {
  const { now = Date.now } = clock;
  const secret = cacheSecret(fetchCredentials, clock);
  let unset: { error: OperatorError; until: number } | undefined;
  let forcedReadAt = Number.NEGATIVE_INFINITY;
  let refusal: { versionId: string; until: number } | undefined;

  async function fetchCredentials(abortSignal: AbortSignal): Promise<Credentials> {
    const { SecretString, VersionId = '' } = await client
      .send(new GetSecretValueCommand({ SecretId: secretArn }), { abortSignal })
      .catch((cause) => {
        throw new OperatorError('secrets_unavailable', { cause });
      });
    const pair = parsePair(SecretString);
    if (pair === undefined) {
      secret.forget(); // The operator has taken the pair away: it must not come back from memory.
      unset = { error: new OperatorError('credentials_not_set'), until: now() + unsetMs };
      throw unset.error;
    }
    unset = undefined;
    return { ...pair, versionId: VersionId };
  }

  /** Reads again, at most once a second, unless the version has changed already. */
  async function reread(known: Credentials, deadline: number, trace: CredentialsTrace): Promise<Credentials> {
    const kept = secret.peek();
    if (kept && kept.versionId !== known.versionId) return kept;
    if (!secret.isReading()) {
      if (now() < forcedReadAt + forcedReadIntervalMs) return known;
      forcedReadAt = now();
    }
    return await secret.read(deadline, trace).catch((error) => {
      if (error === unset?.error) throw error;
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
      if (unset && now() < unset.until) throw unset.error;
      const credentials = await secret.get(deadline, trace);
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
