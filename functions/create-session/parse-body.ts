import { CallerError } from '../errors.ts';
import { readProperties } from '../http/json-body.ts';
import type { Applicant } from '../session/session-service.ts';
import { parseUid } from '../uid.ts';

/**
 * Reads the applicant from a parsed body: `{"uid": "…"}`, optionally with `"integration_id"`.
 *
 * @throws CallerError `malformed_json`, `unknown_property`, `invalid_uid`, `integration_mismatch`, in this order.
 */
export function parseBody(body: unknown): Applicant {
  const { uid: given, integration_id: expected } = readProperties(body, ['uid', 'integration_id']);
  const uid = parseUid(given);
  // Many languages write null for a property that is not set.
  const integrationId = expected ?? undefined;
  if (integrationId !== undefined && typeof integrationId !== 'string') {
    throw new CallerError('integration_mismatch');
  }
  return { uid, integrationId };
}
