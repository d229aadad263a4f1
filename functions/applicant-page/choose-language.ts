import { isLanguageTag } from './language-tag.ts';

/** Browsers send fewer than 100 characters. */
const longestHeader = 500;

/**
 * Chooses among the languages of a stage: the link's, then the browser's by their weight, then the first.
 *
 * A tag is matched as a whole, then shortened from its end (RFC 4647 §3.4): `es-MX` finds `es`, `pt` finds `pt-BR`, and
 * `pt-PT` finds `pt-BR` if the stage has no other Portuguese.
 */
export function chooseLanguage<Language extends { language: string }>(
  languages: readonly [Language, ...Language[]],
  {
    linkLanguage,
    acceptLanguage = '',
  }: { linkLanguage?: string | undefined; acceptLanguage?: string | undefined },
): Language {
  const wanted = [...(linkLanguage === undefined ? [] : [linkLanguage]), ...acceptedTags(acceptLanguage)];
  for (const tag of wanted) {
    const found = findLanguage(languages, tag);
    if (found) return found;
  }
  return languages[0];
}

/** The tags of an `Accept-Language` header (RFC 9110 §12.5.4), the most preferred first, without malformed ones. */
function acceptedTags(header: string): string[] {
  return header
    .slice(0, longestHeader)
    .split(',')
    .map((range) => {
      const [tag = '', weight = 'q=1'] = range.split(';').map((part) => part.trim());
      return { tag, weight: Number(/^q=([01](\.\d{1,3})?)$/i.exec(weight)?.[1] ?? 0) };
    })
    .filter(({ tag, weight }) => isLanguageTag(tag) && weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
}

function findLanguage<Language extends { language: string }>(
  languages: readonly Language[],
  tag: string,
): Language | undefined {
  const subtags = tag.toLowerCase().split('-');
  for (let length = subtags.length; length > 0; length -= 1) {
    const prefix = subtags.slice(0, length).join('-');
    const named = languages.find(({ language }) => language.toLowerCase() === prefix);
    const found = named ?? languages.find(({ language }) => language.toLowerCase().startsWith(`${prefix}-`));
    if (found) return found;
  }
  return undefined;
}
