import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';
import { CallerError } from '../errors.ts';
import type { TokenKey } from './launch-keys.ts';

/** What a launch token contains. */
export type LaunchClaims = {
  /** The lender's own id of the applicant. */
  uid: string;
  /** Epoch seconds. */
  expiresAt: number;
  /** A BCP 47 tag of at most 11 characters: the language that the applicant reads. */
  language?: string | undefined;
};

/** The names of the registered JWT claims (RFC 7519 §4.1), which are short, and one that is as short as possible. */
type Payload = { sub: string; exp: number; l?: string | undefined };

const algorithm = 'dir';
const encryption = 'A256GCM';
/** Ours have 245 at most. */
const longestTokenCharacters = 1_024;

/**
 * Makes a launch token: a JWE in compact form (RFC 7516 §7.1) over `{"sub": uid, "exp": seconds, "l": language}`, at
 * most 245 characters for a uid of 60. None of them can be read from it.
 */
export async function sealLaunchToken(
  { uid, expiresAt, language }: LaunchClaims,
  key: TokenKey,
): Promise<string> {
  const payload: Payload = { sub: uid, exp: expiresAt, l: language };
  return await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: algorithm, enc: encryption, kid: key.id })
    .encrypt(key.bytes);
}

/**
 * Opens a launch token with the key that `findKey` returns for its id. The caller must check whether it has expired.
 *
 * @throws CallerError `launch_link_invalid` for any invalid token; any error of `findKey`.
 */
export async function openLaunchToken(
  token: string,
  findKey: (id: string) => Promise<TokenKey | undefined>,
): Promise<LaunchClaims> {
  const key = await findKey(readKeyId(token));
  if (key === undefined) throw new CallerError('launch_link_invalid');
  try {
    const { plaintext } = await compactDecrypt(token, key.bytes, {
      keyManagementAlgorithms: [algorithm],
      contentEncryptionAlgorithms: [encryption],
    });
    // Only this stage can have written it: the encryption is authenticated.
    const { sub, exp, l } = JSON.parse(new TextDecoder().decode(plaintext)) as Payload;
    return { uid: sub, expiresAt: exp, ...(l !== undefined && { language: l }) };
  } catch (cause) {
    throw new CallerError('launch_link_invalid', { cause });
  }
}

/** The key id of a text that looks like one of our tokens. Anything else is refused before a key is looked up. */
function readKeyId(token: string): string {
  if (!looksLikeOurs(token)) throw new CallerError('launch_link_invalid');
  try {
    const { alg, enc, kid } = decodeProtectedHeader(token);
    if (alg === algorithm && enc === encryption && typeof kid === 'string') return kid;
  } catch (cause) {
    throw new CallerError('launch_link_invalid', { cause });
  }
  throw new CallerError('launch_link_invalid');
}

/**
 * Five parts, of which the second is empty: with `dir` there is no encrypted key. Each is canonical base64url, so that
 * no two tokens have the same content.
 */
function looksLikeOurs(token: string): boolean {
  const parts = token.length <= longestTokenCharacters ? token.split('.') : [];
  return parts.length === 5 && parts[1] === '' && parts.every(isCanonical);
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
