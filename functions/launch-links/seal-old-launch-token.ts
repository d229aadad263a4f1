import { CompactEncrypt } from 'jose';
import type { LaunchClaims } from './launch-claims.ts';
import type { TokenKey } from './launch-keys.ts';

/**
 * Makes a launch token as version 1.0.0 made it, which it can open: a JWE in compact form (RFC 7516 §7.1) over
 * `{"sub": uid, "exp": seconds, "l": language}`, at most 245 characters for a uid of 60.
 */
export async function sealOldLaunchToken(
  { uid, expiresAt, language }: LaunchClaims,
  key: TokenKey,
): Promise<string> {
  const payload = { sub: uid, exp: expiresAt, l: language };
  return await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: key.id })
    .encrypt(key.bytes);
}
