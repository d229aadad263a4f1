import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { warmUpTimeoutMs } from '../deadlines.ts';
import { OperatorError } from '../errors.ts';
import { createScope, type RequestScope } from '../request-scope.ts';
import { type CacheClock, cacheSecret } from '../secrets/cached-secret.ts';

/** A key of launch tokens: 256 bits for AES-256-GCM. */
export type TokenKey = {
  /** The first 8 characters of the secret version's id, which tokens carry. */
  id: string;
  bytes: Uint8Array;
};

/**
 * The stage's launch keys, cached in memory. Each lookup ends within its scope. If the keys cannot be read, or the
 * secret holds none, it rejects with an OperatorError `secrets_unavailable`.
 */
export type LaunchKeys = {
  /** The key to make tokens with. */
  current(scope: RequestScope): Promise<TokenKey>;
  /** The key with this id, in upper or lower case, if it is the current or the previous one. */
  find(id: string, scope: RequestScope): Promise<TokenKey | undefined>;
};

/** Unknown key ids cause a read at most this often. */
const forcedReadIntervalMs = 5_000;
const idCharacters = 8;

type LaunchKeysOptions = CacheClock & { client: SecretsManagerClient; secretArn: string };

/** The reason if the secret holds no key to make tokens with. */
export class UnusableLaunchKey extends Error {
  override readonly name = 'UnusableLaunchKey';
}

/** A cache over the current and the previous version of the secret, each 64 hex digits. */
export function createLaunchKeys({ client, secretArn, ...clock }: LaunchKeysOptions): LaunchKeys {
  const { now = Date.now } = clock;
  const secret = cacheSecret(fetchKeys, clock);
  let forced: { keys: Promise<TokenKey[]>; at: number } | undefined;

  async function fetchKeys(abortSignal: AbortSignal): Promise<TokenKey[]> {
    try {
      const [current, previous] = await Promise.all([
        fetchKey('AWSCURRENT', abortSignal),
        // Until the first renewal there is none.
        fetchKey('AWSPREVIOUS', abortSignal).catch(ignoreNotFound),
      ]);
      if (current === undefined) throw new UnusableLaunchKey();
      return previous === undefined ? [current] : [current, previous];
    } catch (cause) {
      throw new OperatorError('secrets_unavailable', { cause });
    }
  }

  async function fetchKey(label: string, abortSignal: AbortSignal): Promise<TokenKey | undefined> {
    const command = new GetSecretValueCommand({ SecretId: secretArn, VersionStage: label });
    const { SecretString: hex = '', VersionId: versionId = '' } = await client.send(command, { abortSignal });
    if (!/^[0-9a-f]{64}$/.test(hex)) return undefined;
    return { id: versionId.slice(0, idCharacters), bytes: Buffer.from(hex, 'hex') };
  }

  /** At most one forced read per 5 s; later callers share its result, even an error. */
  function reread(scope: RequestScope): Promise<TokenKey[]> {
    if (!forced || now() >= forced.at + forcedReadIntervalMs) {
      forced = { keys: secret.read(scope), at: now() };
    }
    return forced.keys;
  }

  const withId = (keys: readonly TokenKey[], id: string) =>
    keys.find((key) => key.id.toLowerCase() === id.toLowerCase());

  return {
    async current(scope) {
      const [current] = await secret.get(scope);
      if (current === undefined) throw new OperatorError('secrets_unavailable');
      return current;
    },
    async find(id, scope) {
      return withId(await secret.get(scope), id) ?? withId(await reread(scope), id);
    },
  };
}

function ignoreNotFound(error: unknown): undefined {
  if ((error as { name?: unknown }).name !== 'ResourceNotFoundException') throw error;
}

/** Reads the keys during init. Errors are ignored: the first request retries. */
export async function warmUpLaunchKeys(launchKeys: LaunchKeys): Promise<void> {
  await launchKeys.current(createScope(Date.now() + warmUpTimeoutMs)).catch(() => undefined);
}
