import { createHmac, timingSafeEqual } from 'node:crypto';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { CallerError } from '../errors.ts';

/** A signature as it came, not yet verified. */
export type Signature = { form: 'sha512' | 'sha256'; bytes: Buffer };

/** The headers that the vendor's pages name, the older one last. */
const headerNames = ['x-signature', 'x-begini-signature'];

const mostSignatures = 4;

/** By the number of hex digits: SHA-512 as the newest page says ("Webhooks", help centre, read April 2026), or SHA-256. */
const formsByLength: Record<number, Signature['form']> = { 128: 'sha512', 64: 'sha256' };

/**
 * The signatures in the headers of a request; values of another shape are ignored.
 * @throws CallerError `signature_invalid` if there is none, or if there are more than four values.
 */
export function readSignatures({ headers, multiValueHeaders }: APIGatewayProxyEvent): Signature[] {
  const values = Object.entries(multiValueHeaders ?? headers ?? {})
    .filter(([name]) => headerNames.includes(name.toLowerCase()))
    .flatMap(([, value]) => value ?? [])
    // Several lines of a header are one list (RFC 9110 §5.3), and a proxy may join them.
    .flatMap((value) => value.split(','));
  const signatures = values.map((value) => value.trim()).flatMap(readSignature);
  if (values.length > mostSignatures || signatures.length === 0) throw new CallerError('signature_invalid');
  return signatures;
}

/** The first of the signatures that is the HMAC of `bytes` under `apiKey` (UTF-8); compared in constant time. */
export function findValid(
  signatures: readonly Signature[],
  bytes: Buffer,
  apiKey: string,
): Signature | undefined {
  return signatures.find((signature) =>
    timingSafeEqual(createHmac(signature.form, apiKey).update(bytes).digest(), signature.bytes),
  );
}

function readSignature(hex: string): Signature[] {
  const form = formsByLength[hex.length];
  return form && /^[0-9a-f]+$/i.test(hex) ? [{ form, bytes: Buffer.from(hex, 'hex') }] : [];
}
