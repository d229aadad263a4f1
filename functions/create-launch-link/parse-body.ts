import { isLanguageTag } from '../applicant-page/language-tag.ts';
import { CallerError } from '../errors.ts';
import { readProperties } from '../http/json-body.ts';
import {
  defaultLifeSeconds,
  longestLifeSeconds,
  shortestLifeSeconds,
} from '../launch-links/launch-link-life.ts';
import { parseUid } from '../uid.ts';

/** The launch link to create. */
export type LinkRequest = {
  uid: string;
  /** Whole seconds until the link expires. */
  expiresInSeconds: number;
  /** The language that the applicant reads, if the caller knows it. */
  language?: string;
};

/**
 * Reads a parsed body: `{"uid": "…"}`, optionally with `"expires_in"` in seconds and `"language"`.
 *
 * @throws CallerError `malformed_json`, `unknown_property`, `invalid_uid`, `invalid_expires_in`, `invalid_language`, in
 * this order.
 */
export function parseBody(body: unknown): LinkRequest {
  const {
    uid: given,
    expires_in: expiresInSeconds = defaultLifeSeconds,
    language,
  } = readProperties(body, ['uid', 'expires_in', 'language']);
  const uid = parseUid(given);
  if (
    typeof expiresInSeconds !== 'number' ||
    !Number.isInteger(expiresInSeconds) ||
    expiresInSeconds < shortestLifeSeconds ||
    expiresInSeconds > longestLifeSeconds
  ) {
    throw new CallerError('invalid_expires_in');
  }
  if (language === undefined) return { uid, expiresInSeconds };
  if (!isLanguageTag(language)) throw new CallerError('invalid_language');
  return { uid, expiresInSeconds, language };
}
