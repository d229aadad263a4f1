import { warmUpTimeoutMs } from '../deadlines.ts';
import { createScope, type RequestScope } from '../request-scope.ts';
import { type CachedSecret, SecretCache } from '../secrets/secret-cache.ts';

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

const idCharacters = 8;

/** The reason if the secret holds no key to make tokens with. */
export class UnusableLaunchKey extends Error {
  override readonly name = 'UnusableLaunchKey';
}

/** A cache over the current and the previous version of the secret, each 64 hex digits. */
export function createLaunchKeys(options: CachedSecret): LaunchKeys {
  const secret = new SecretCache({ ...options, parse: readKey, withPrevious: true });
  return {
    async current(scope) {
      return (await secret.get(scope)).current.value;
    },
    async find(id, scope) {
      // Strangers choose the ids: all unknown ones share one read in 5 s.
      const found = await secret.find(({ value }) => isSame(value.id, id), 'unknown', scope);
      return found?.value;
    },
  };
}

const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

function readKey(hex: string | undefined, versionId: string): TokenKey {
  if (hex === undefined || !/^[0-9a-f]{64}$/.test(hex)) throw new UnusableLaunchKey();
  return { id: versionId.slice(0, idCharacters), bytes: Buffer.from(hex, 'hex') };
}

/** Reads the keys during init. Errors are ignored: the first request retries. */
export async function warmUpLaunchKeys(launchKeys: LaunchKeys): Promise<void> {
  await launchKeys.current(createScope(Date.now() + warmUpTimeoutMs)).catch(() => undefined);
}
