import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { parseObject } from '../parse-object.ts';

/** What the vendor's Deployment Centre shows for one deployment in one environment. */
export interface BeginiCredentials {
  apiKey: string;
  integrationId: string;
}

/** Whether a call without `X-Signature` is refused; one with a wrong signature always is. */
export type HmacMode = 'required' | 'optional';

/** An accepted session call, or the documented status that refuses it. */
export type SessionCallVerdict =
  | { uid: string; integrationId: string }
  | { status: 401 | 403 | 422; message: string };

/** A session call as it arrived, and what it is checked against. */
export interface SessionCall {
  headers: IncomingHttpHeaders;
  rawBody: Buffer;
  /** The valid pairs: two while a rotated key still works. */
  credentials: readonly BeginiCredentials[];
  hmac: HmacMode;
}

const uidPattern = /^[A-Za-z0-9-]{5,60}$/;

/**
 * Judges a session call by the vendor's "Creating a Session" page, April 15th, 2026. The order of the checks is not
 * documented; here it goes from the outside in.
 */
export function judgeSessionCall({ headers, rawBody, credentials, hmac }: SessionCall): SessionCallVerdict {
  const apiKey = headers['api-key'];
  const pairs = credentials.filter((pair) => pair.apiKey === apiKey);
  if (typeof apiKey !== 'string' || pairs.length === 0) {
    return { status: 401, message: 'Missing or invalid API key' };
  }

  const body = parseObject(rawBody.toString());
  const signature = headers['x-signature'];
  if (signature === undefined ? hmac === 'required' : !matchesBothWays(signature, apiKey, rawBody, body)) {
    return { status: 401, message: 'Missing or invalid signature' };
  }

  const { uid, integration_id: integrationId } = body ?? {};
  if (headers['content-type'] !== 'application/json')
    return { status: 422, message: 'The body must be JSON' };
  if (typeof uid !== 'string' || !uidPattern.test(uid)) return { status: 422, message: 'Invalid uid' };
  if (typeof integrationId !== 'string') return { status: 422, message: 'Invalid integration_id' };
  if (!pairs.some((pair) => pair.integrationId === integrationId)) {
    return { status: 403, message: 'API key not authorised for this integration' };
  }
  return { uid, integrationId };
}

/**
 * The vendor does not document whether the signature is checked over the raw bytes or over the serialised payload: only
 * a signature that is valid for both is certainly valid.
 */
function matchesBothWays(
  signature: string | string[],
  apiKey: string,
  rawBody: Buffer,
  body: Record<string, unknown> | undefined,
): boolean {
  const hexDigest = (message: Buffer | string) => createHmac('sha512', apiKey).update(message).digest('hex');
  return signature === hexDigest(rawBody) && signature === hexDigest(asPythonWritesIt(body));
}

/**
 * `json.dumps({"uid": …, "integration_id": …}, separators=(',', ':'))`: Python escapes everything that is not ASCII.
 */
function asPythonWritesIt(body: Record<string, unknown> | undefined): string {
  const compact = JSON.stringify({ uid: body?.uid, integration_id: body?.integration_id });
  return compact.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
