import { createHmac } from 'node:crypto';

/** One session call, ready to send: exactly these bytes were signed. */
export type SessionRequest = { path: string; headers: Record<string, string>; body: string };

/**
 * Builds the call that creates a session, as "Creating a Session" describes it (help centre, read April 2026): `POST
 * /v1/sessions-management/tokens` with `{"uid":"…","integration_id":"…"}`. With `hmac` it has the header `X-Signature`.
 */
export function buildSessionRequest(
  uid: string,
  { apiKey, integrationId }: { apiKey: string; integrationId: string },
  { hmac }: { hmac: boolean },
): SessionRequest {
  // The vendor's own key order, without spaces: it may verify the signature over JSON that it serialised again.
  const body = JSON.stringify({ uid, integration_id: integrationId });
  return {
    path: '/v1/sessions-management/tokens',
    headers: {
      'User-Agent': 'begini-session', // Common firewall rules refuse a request without one.
      'api-key': apiKey,
      Accept: 'application/json',
      'Accept-Encoding': 'identity', // Without it, a server may choose any (RFC 9110 §12.5.3).
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
      ...(hmac && { 'X-Signature': sign(body, apiKey) }),
    },
    body,
  };
}

/** HMAC-SHA-512 of `body` (UTF-8) keyed by `apiKey` (UTF-8), as 128 lower-case hex digits (RFC 2104, RFC 4231). */
export function sign(body: string, apiKey: string): string {
  return createHmac('sha512', apiKey).update(body).digest('hex');
}
