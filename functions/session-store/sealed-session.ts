import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { VendorSession } from '../begini/response.ts';

/** What a session is sealed with: the pair of the version that created it. */
export type SealingPair = { apiKey: string; integrationId: string };

/** A session as the table keeps it, and the epoch second at which it ends there. */
export type RememberedSession = VendorSession & { endsAtSeconds: number };

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** The table's key for an applicant: 64 hex digits of HMAC-SHA-256. It shows neither the uid nor the integration id. */
export function sessionKey(uid: string, integrationId: string, uidRefKey: string): string {
  return createHmac('sha256', uidRefKey).update(`session:${integrationId}:${uid}`).digest('hex');
}

/**
 * Seals a session under a key that is derived from the API key, so that the table alone is useless. `sessionKey` is
 * additional data: an item that is copied to another applicant cannot be opened.
 * @returns IV of 12 bytes, ciphertext, tag of 16 bytes (AES-256-GCM, NIST SP 800-38D)
 */
export function sealSession(session: RememberedSession, pair: SealingPair, key: string): Uint8Array {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, sealingKey(pair), iv).setAAD(Buffer.from(key));
  const ciphertext = [cipher.update(JSON.stringify(session)), cipher.final()];
  return Buffer.concat([iv, ...ciphertext, cipher.getAuthTag()]);
}

/** Opens what `sealSession` made; undefined for anything else. */
export function openSession(
  sealed: Uint8Array,
  pair: SealingPair,
  key: string,
): RememberedSession | undefined {
  try {
    const iv = sealed.subarray(0, ivBytes);
    const decipher = createDecipheriv(algorithm, sealingKey(pair), iv, { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(key)).setAuthTag(sealed.subarray(-tagBytes));
    const plaintext = [decipher.update(sealed.subarray(ivBytes, -tagBytes)), decipher.final()];
    return JSON.parse(Buffer.concat(plaintext).toString()) as RememberedSession;
  } catch {
    return undefined;
  }
}

/** HKDF-SHA-256 (RFC 5869) of the API key. */
function sealingKey({ apiKey, integrationId }: SealingPair): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', apiKey, integrationId, 'begini-session resume', 32));
}
