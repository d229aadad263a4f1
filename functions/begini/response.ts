import { OperatorError, VendorError } from '../errors.ts';
import type { VendorResponse } from './client.ts';

/** A session that the vendor created. The token is a credential: anyone who has it can enter. */
export type VendorSession = {
  accessToken: string;
  /** The token's `exp` in epoch seconds, or null if it has no usable expiry. */
  expiresAtSeconds: number | null;
};

/** A session as the vendor's answer has it, and whether its expiry is one that cannot be true. */
export type JudgedSession = VendorSession & { isExpiryAbsurd: boolean };

/** Longest access token that is passed on: common proxies refuse a longer `Location`. */
const longestTokenCharacters = 4_096;

/** Three base64url parts (RFC 7515 §7.1): no character in it can end the path of a URL. */
const jwtPattern = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** 9999-12-31T23:59:59Z, the last moment with a four-digit year in ISO 8601. */
const lastExpirySeconds = 253_402_300_799;

/** Whether the vendor refused the API key (401), or the API key for this integration (403). */
export function isRefusal({ statusCode }: VendorResponse): boolean {
  return statusCode === 401 || statusCode === 403;
}

/**
 * Judges the vendor's response to a session call for `uid` and `integrationId`. Its `url` is ignored: the vendor
 * documents that the browser does not go there.
 *
 * @throws OperatorError `credentials_refused`; VendorError with the code for the response.
 */
export function judgeResponse(response: VendorResponse, uid: string, integrationId: string): JudgedSession {
  if (isRefusal(response)) throw new OperatorError('credentials_refused');
  if (response.statusCode === 422) throw new VendorError('rejected_by_vendor');
  if (response.statusCode === 429) throw new VendorError('vendor_busy', busyOptions(response));
  if (response.statusCode < 200 || response.statusCode > 299) throw new VendorError('vendor_error');

  const accessToken = readAccessToken(response);
  const claims = readClaims(accessToken);
  if (isForeign(claims.uid, uid) || isForeign(claims.integration_id, integrationId)) {
    throw new VendorError('vendor_response_invalid');
  }
  const expiresAtSeconds = readExpiry(claims.exp);
  const isExpiryAbsurd = expiresAtSeconds === null && (claims.exp ?? null) !== null;
  return { accessToken, expiresAtSeconds, isExpiryAbsurd };
}

/** The answer has an encoding that we cannot read; its `code` names it: `encoding_zstd`. */
class UnreadableEncoding extends Error {
  override readonly name = 'UnreadableEncoding';
  readonly code: string;
  constructor(encoding: string) {
    super('encoding');
    // It comes from outside, and goes into the log line.
    this.code = `encoding_${encoding.replaceAll(/\W/g, '_').slice(0, 20)}`;
  }
}

function readAccessToken({ body, unreadableEncoding }: VendorResponse): string {
  const accessToken = parseObject(body)?.access_token;
  if (
    typeof accessToken !== 'string' ||
    accessToken.length > longestTokenCharacters ||
    !jwtPattern.test(accessToken)
  ) {
    const cause = unreadableEncoding === undefined ? undefined : new UnreadableEncoding(unreadableEncoding);
    throw new VendorError('vendor_response_invalid', { cause });
  }
  return accessToken;
}

/** The claims of a token, if its payload is a JSON object; the vendor promises only "a JWT". */
function readClaims(accessToken: string): Record<string, unknown> {
  const payload = accessToken.split('.')[1] ?? '';
  return parseObject(Buffer.from(payload, 'base64url').toString()) ?? {};
}

function isForeign(claim: unknown, ours: string): boolean {
  return claim !== undefined && claim !== ours;
}

/** A session that was created just now expires later: anything else counts from another moment than 1970. */
function readExpiry(exp: unknown): number | null {
  if (typeof exp !== 'number' || !(exp > Date.now() / 1000 && exp <= lastExpirySeconds)) return null;
  return exp;
}

function busyOptions({ retryAfter }: VendorResponse): { retryAfterSeconds?: number } {
  const retryAfterSeconds = parseRetryAfter(retryAfter);
  return retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
}

/** `Retry-After` in whole seconds from 1 to a day (RFC 9110 §10.2.3: a number of seconds or an HTTP date). */
function parseRetryAfter(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  const seconds = /^\d+$/.test(retryAfter)
    ? Number(retryAfter)
    : Math.ceil((Date.parse(retryAfter) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 1), 86_400);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
