import { CallerError } from '../errors.ts';
import { readProperties } from '../http/json-body.ts';
import {
  defaultLifeSeconds,
  longestLifeSeconds,
  shortestLifeSeconds,
} from '../launch-links/launch-link-life.ts';
import { parseUid } from '../uid.ts';

/** A launch link to be made. */
export type LinkRequest = {
  uid: string;
  /** Whole seconds until the link expires. */
  expiresInSeconds: number;
};

/**
 * Reads a parsed body: `{"uid": "…"}`, with `"expires_in"` in seconds beside it or not.
 *
 * @throws CallerError `malformed_json`, `unknown_property`, `invalid_uid`, `invalid_expires_in`, in this order.
 */
export function parseBody(body: unknown): LinkRequest {
  const { uid: given, expires_in: expiresInSeconds = defaultLifeSeconds } = readProperties(body, [
    'uid',
    'expires_in',
  ]);
  const uid = parseUid(given);
  if (
    typeof expiresInSeconds !== 'number' ||
    !Number.isInteger(expiresInSeconds) ||
    expiresInSeconds < shortestLifeSeconds ||
    expiresInSeconds > longestLifeSeconds
  ) {
    throw new CallerError('invalid_expires_in');
  }
  return { uid, expiresInSeconds };
}
