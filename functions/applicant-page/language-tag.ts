/** Enough for language, script and region: `zh-Hant-419`. It keeps a launch token short. */
const longestTag = 11;

/** Language, script, region and variants of a language tag (RFC 5646 §2.1), without extensions and private use. */
const tagPattern =
  /^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?(-([A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*$/;

/** Whether this is a BCP 47 language tag of at most 11 characters, such as `pt-BR`, in upper or lower case. */
export function isLanguageTag(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestTag && tagPattern.test(value);
}

/**
 * The language tag that a wish such as `es_MX` or `pt-br` means, in canonical form (`es-MX`, `pt-BR`); only its language
 * if the tag is too long; `undefined` if it is none.
 */
export function toLanguageTag(wish: string): string | undefined {
  try {
    const { baseName, language } = new Intl.Locale(wish.replaceAll('_', '-'));
    return [baseName, language].find(isLanguageTag);
  } catch {
    return undefined;
  }
}
