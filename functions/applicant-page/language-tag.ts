/** Enough for language, script and region: `zh-Hant-419`. It keeps a launch token short. */
const longestTag = 11;

/** Language, script, region and variants of a language tag (RFC 5646 §2.1), without extensions and private use. */
const tagPattern = /^[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-([a-z0-9]{5,8}|\d[a-z0-9]{3}))*$/i;

/** Whether this is a BCP 47 language tag of at most 11 characters, such as `pt-BR`, in upper or lower case. */
export function isLanguageTag(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestTag && tagPattern.test(value);
}
