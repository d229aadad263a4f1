import { createHmac } from 'node:crypto';
import { CallerError } from './errors.ts';

/** What a uid looks like. */
export const uidPattern = /^[A-Za-z0-9-]{5,60}$/;

/**
 * Reads the lender's own id of an applicant: a string of 5 to 60 letters, digits and hyphens ("Creating a Session"
 * and the ID guide, help centre, read April 2026).
 *
 * @throws CallerError `invalid_uid`.
 */
export function parseUid(uid: unknown): string {
  if (typeof uid !== 'string' || !uidPattern.test(uid)) throw new CallerError('invalid_uid');
  return uid;
}

/** A pseudonym for a uid in log lines: the first 12 hex digits of HMAC-SHA-256 over it. */
export function uidReference(uid: string, uidRefKey: string): string {
  return createHmac('sha256', uidRefKey).update(uid).digest('hex').slice(0, 12);
}
