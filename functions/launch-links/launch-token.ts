import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CallerError, OperatorError } from '../errors.ts';
import { decodeBase62, encodeBase62 } from './base62.ts';
import type { LaunchClaims, SealedClaims } from './launch-claims.ts';
import { type TokenKey, UnusableLaunchKey } from './launch-keys.ts';
import { isOldLaunchToken, readOldLaunchToken } from './old-launch-token.ts';

const algorithm = 'aes-256-gcm';
const version = 1;
const headBytes = 5;
const ivBytes = 12;
const tagBytes = 16;
/** Expiry, and the length of the language. */
const fixedClaimsBytes = 5;
const shortestFrame = headBytes + ivBytes + fixedClaimsBytes + tagBytes;
/** Ours have 146 at most. */
const longestToken = 256;

/**
 * Makes a launch token: letters and digits only, so that no program that makes a link of it in a text cuts it; 66 to 73
 * characters for a uid of 12, and 146 at most. It is base62 of this frame, encrypted by AES-256-GCM (NIST SP 800-38D):
 *
 * - head, the additional data: 1 byte version (1), 4 bytes key id
 * - 12 bytes random IV
 * - ciphertext of: 4 bytes expiry (epoch seconds, big-endian), 1 byte length of the language, language, uid
 * - 16 bytes tag
 *
 * @param iv only for a token that must be the same each time: with one key, no IV may be used twice.
 * @throws OperatorError `secrets_unavailable` for a key whose id is not 8 hex digits.
 */
export function sealLaunchToken(
  { uid, expiresAt, language = '' }: LaunchClaims,
  key: TokenKey,
  iv: Uint8Array = randomBytes(ivBytes),
): string {
  if (!/^[0-9a-f]{8}$/i.test(key.id)) {
    throw new OperatorError('secrets_unavailable', { cause: new UnusableLaunchKey() });
  }
  const head = Buffer.concat([Buffer.of(version), Buffer.from(key.id, 'hex')]);
  const fixedClaims = Buffer.alloc(fixedClaimsBytes);
  fixedClaims.writeUInt32BE(expiresAt);
  fixedClaims.writeUInt8(language.length, 4);
  const cipher = createCipheriv(algorithm, key.bytes, iv).setAAD(head);
  const ciphertext = [cipher.update(fixedClaims), cipher.update(language + uid), cipher.final()];
  return encodeBase62(Buffer.concat([head, iv, ...ciphertext, cipher.getAuthTag()]));
}

/**
 * Opens a launch token of this form, or of the old one, with the key that `findKey` returns for its id. The token is
 * the longest prefix of letters and digits of `text`: what a program puts behind a link is ignored. The caller must
 * check whether it has expired.
 *
 * @throws CallerError `launch_link_invalid` for any invalid token; any error of `findKey`.
 */
export async function openLaunchToken(
  text: string,
  findKey: (id: string) => Promise<TokenKey | undefined>,
): Promise<LaunchClaims> {
  const sealed = isOldLaunchToken(text) ? readOldLaunchToken(text) : readFrame(text);
  const key = sealed && (await findKey(sealed.keyId));
  if (!key) throw new CallerError('launch_link_invalid');
  try {
    return sealed.parse(decrypt(sealed, key));
  } catch (cause) {
    throw new CallerError('launch_link_invalid', { cause });
  }
}

function readFrame(text: string): SealedClaims | undefined {
  const [token = ''] = /^[0-9A-Za-z]*/.exec(text) ?? [];
  const frame = token.length <= longestToken ? decodeBase62(token) : undefined;
  if (frame === undefined || frame[0] !== version || frame.length < shortestFrame) return undefined;
  const head = frame.subarray(0, headBytes);
  return {
    keyId: head.toString('hex', 1),
    iv: frame.subarray(headBytes, headBytes + ivBytes),
    ciphertext: frame.subarray(headBytes + ivBytes, -tagBytes),
    tag: frame.subarray(-tagBytes),
    additionalData: head,
    parse,
  };
}

/** Only this stage can have written it: the encryption is authenticated. */
function parse(plaintext: Buffer): LaunchClaims {
  const uidAt = fixedClaimsBytes + plaintext.readUInt8(4);
  const language = plaintext.toString('latin1', fixedClaimsBytes, uidAt);
  return {
    uid: plaintext.toString('latin1', uidAt),
    expiresAt: plaintext.readUInt32BE(),
    ...(language !== '' && { language }),
  };
}

function decrypt({ iv, additionalData, ciphertext, tag }: SealedClaims, { bytes }: TokenKey): Buffer {
  const decipher = createDecipheriv(algorithm, bytes, iv, { authTagLength: tagBytes });
  decipher.setAAD(additionalData).setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}
