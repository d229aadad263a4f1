import { createHmac } from 'node:crypto';

/** For this simulator only: only the vendor can check a real token. */
const signingSecret = 'begini-simulator';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const signatureOf = (signed: string): string =>
  createHmac('sha256', signingSecret).update(signed).digest('base64url');

/**
 * Makes an access token like the vendor's sample: an HS256 JWT.
 * @param claims for example `{ uid, company_id, integration_id, url, exp }`; a test may claim anything
 */
export function makeAccessToken(claims: Record<string, unknown>): string {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${signatureOf(signed)}`;
}

/** How the simulator judges a token that comes back to it: `expired` when `exp` is not in the future. */
export function checkAccessToken(token: string): 'valid' | 'expired' | 'unknown' {
  const [header, payload, signature, ...rest] = token.split('.');
  if (!payload || rest.length > 0 || signature !== signatureOf(`${header}.${payload}`)) return 'unknown';
  const { exp } = claimsOf(token);
  return typeof exp === 'number' && exp > Date.now() / 1000 ? 'valid' : 'expired';
}

/** The claims of one of the simulator's own tokens. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}
