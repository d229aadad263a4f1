import type { Applicant } from '../begini/create-session.ts';
import { CallerError } from '../shared/errors.ts';

const uidPattern = /^[A-Za-z0-9-]{5,60}$/;

/**
 * Reads the applicant from a parsed body: `{"uid": "…"}`, with `"integration_id"` beside it or not.
 *
 * @throws CallerError `malformed_json`, `unknown_property`, `invalid_uid`, `integration_mismatch`, in this order.
 */
export function parseBody(body: unknown): Applicant {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new CallerError('malformed_json');
  const { uid, integration_id: integrationId, ...others } = body as Record<string, unknown>;
  if (Object.keys(others).length > 0) throw new CallerError('unknown_property');
  if (typeof uid !== 'string' || !uidPattern.test(uid)) throw new CallerError('invalid_uid');
  if (integrationId !== undefined && typeof integrationId !== 'string') {
    throw new CallerError('integration_mismatch');
  }
  return { uid, integrationId };
}
