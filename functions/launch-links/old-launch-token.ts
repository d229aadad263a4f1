import type { LaunchClaims, SealedClaims } from './launch-claims.ts';

/** Those of version 1.0.0 have 245 at most. */
const longestToken = 1_024;
const beginning = Buffer.from('{"alg":"dir","enc":"A256GCM","kid":"').toString('base64url');
/** A JWE in compact form (RFC 7516 §7.1); with `dir` its second part, the encrypted key, is empty. */
const shape = new RegExp(`^(${beginning}[\\w-]{14})\\.\\.([\\w-]{16})\\.([\\w-]+)\\.([\\w-]{22})\\.*$`);

/** Whether a text is a token of the old form, whole or cut. Before its first dot it would look like one of the new. */
export function isOldLaunchToken(text: string): boolean {
  return text.startsWith(beginning);
}

/**
 * Reads a token as versions 1.0.0 and 1.1.0 made them: a JWE over `{"sub": uid, "exp": seconds, "l": language}`. Dots
 * at its end are ignored. `undefined` for any other text.
 */
export function readOldLaunchToken(text: string): SealedClaims | undefined {
  if (text.length > longestToken) return undefined;
  const parts = shape.exec(text.replaceAll(/%2E/gi, '.'))?.slice(1);
  if (!parts?.every(isCanonical)) return undefined;
  const [header = '', iv = '', ciphertext = '', tag = ''] = parts;
  const [, keyId] = /([^"\\]{8})"\}$/.exec(bytesOf(header).toString()) ?? [];
  if (keyId === undefined) return undefined;
  return {
    keyId,
    iv: bytesOf(iv),
    ciphertext: bytesOf(ciphertext),
    tag: bytesOf(tag),
    additionalData: Buffer.from(header),
    parse,
  };
}

function parse(plaintext: Buffer): LaunchClaims {
  const { sub, exp, l } = JSON.parse(plaintext.toString()) as { sub: string; exp: number; l?: string };
  return { uid: sub, expiresAt: exp, ...(l !== undefined && { language: l }) };
}

const bytesOf = (part: string) => Buffer.from(part, 'base64url');
/** Bits that no byte needs are zero, so that no two texts have the same content. */
const isCanonical = (part: string) => bytesOf(part).toString('base64url') === part;
