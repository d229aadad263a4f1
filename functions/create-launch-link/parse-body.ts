import { toLanguageTag } from '../applicant-page/language-tag.ts';
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
  /** A BCP 47 tag: the language that the applicant reads, if the caller knows it. */
  language?: string | undefined;
};

/**
 * Reads a parsed body: `{"uid": "…"}`, optionally with `"expires_in"` in seconds and `"language"`, a wish: any text that
 * is no language is ignored. `null` counts as absent, as several JSON libraries send it.
 *
 * @throws CallerError `malformed_json`, `unknown_property`, `invalid_uid`, `invalid_expires_in`, `invalid_language`, in
 * this order.
 */
export function parseBody(body: unknown): LinkRequest {
  const properties = readProperties(body, ['uid', 'expires_in', 'language']);
  const uid = parseUid(properties.uid);
  const expiresInSeconds = properties.expires_in ?? defaultLifeSeconds;
  if (
    typeof expiresInSeconds !== 'number' ||
    !Number.isInteger(expiresInSeconds) ||
    expiresInSeconds < shortestLifeSeconds ||
    expiresInSeconds > longestLifeSeconds
  ) {
    throw new CallerError('invalid_expires_in');
  }
  const language = properties.language ?? '';
  if (typeof language !== 'string') throw new CallerError('invalid_language');
  return { uid, expiresInSeconds, language: toLanguageTag(language) };
}
