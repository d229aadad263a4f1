import * as v from 'valibot';
import type {
  ApplicantPage,
  PageLanguage,
  PageTexts,
} from '../../functions/applicant-page/applicant-page.ts';
import { isLanguageTag } from '../../functions/applicant-page/language-tag.ts';
import { darkSchemeColor, isReadable, nearestReadable } from './brand-color.ts';
import { allowedLogo, readLogo } from './logo.ts';
import { en } from './page-texts/en.ts';
import { shippedTexts, shippedTextsFor } from './page-texts/shipped-texts.ts';
import { httpsUrl, notAllowed, object, settings, text } from './settings.ts';

const defaultLanguage = 'en';
/** 9:1 on white. */
const defaultColor = '#0b4a8f';
/** The texts of one language: API Gateway's own pages must stay under 8 kB. */
const mostBytes = 6_000;

const allowedTag = 'a language tag of at most 11 characters such as "en" or "pt-BR"';
const languageTag = v.custom<string>(isLanguageTag, allowedTag);
const plainText = text(/^[^\p{Cc}]{1,300}$/u, 'a text of 1 to 300 characters, without line breaks');
const hexColor = /^#[0-9a-f]{6}$/i;
const allowedColor =
  'a colour in the form #rrggbb such as "#0b4a8f", with a contrast of at least 4.5:1 to white';
const color = v.pipe(
  text(hexColor, allowedColor),
  // Valibot runs this check on a text of another form, too.
  v.check(
    (color) => !hexColor.test(color) || isReadable(color),
    ({ input }) => `${allowedColor}; the nearest is "${nearestReadable(input)}"`,
  ),
);
const logo = v.pipe(
  v.string(allowedLogo),
  v.check((path) => readLogo(path) !== undefined, allowedLogo),
  v.transform(readLogo),
);

/** What the languages of a stage share, unless a language has its own value. */
const shared = {
  lenderName: v.optional(plainText),
  supportLine: v.optional(plainText),
  privacyUrl: v.optional(httpsUrl('https://www.lender.example/privacy')),
};
const brand = { color: v.optional(color, defaultColor), logo: v.optional(logo) };

/** The result of the setting `applicantPage`. */
type Page = Omit<ApplicantPage, 'returnUrl'>;

/** The settings of a row that make up the applicant's pages. */
export const applicantPageSettings = {
  applicantPage: v.optional(v.lazy(pageSchema), {}),
  returnUrl: v.optional(httpsUrl('https://www.lender.example/applications')),
};

/** The pages for the `applicantPage` of a row. @throws ValiError if it is not allowed. */
export function applicantPageOf(given: object, returnUrl?: string): ApplicantPage {
  return { ...v.parse(applicantPageSettings.applicantPage, given), returnUrl };
}

/** Whether applicants read "Your lender" instead of the lender's name. */
export function isUnnamed({ languages }: ApplicantPage): boolean {
  const placeholders = new Set(Object.values(shippedTexts).map(({ lenderName }) => lenderName));
  return languages.some(({ lenderName }) => placeholders.has(lenderName));
}

/** Refuses texts that make too large a page; `path` is the row's. */
export function refuseLongTexts(path: string, { applicantPage }: { applicantPage?: Page }): string[] {
  return (applicantPage?.languages ?? []).flatMap((language) => {
    const bytes = Buffer.byteLength(JSON.stringify(language));
    if (bytes <= mostBytes) return [];
    const place = `${path}.applicantPage, ${language.language}`;
    return [notAllowed(place, `${bytes} bytes`, `texts of at most ${mostBytes} bytes together`)];
  });
}

/** One language, with its texts next to the other settings; or several, each with its texts. */
function pageSchema(given: unknown): v.GenericSchema<unknown, Page> {
  const { language, languages, lenderName } = v.is(object, given) ? given : {};
  if (languages !== undefined) return severalLanguages(languages, lenderName !== undefined);
  return oneLanguage(isLanguageTag(language) ? language : defaultLanguage);
}

function oneLanguage(tag: string) {
  const schema = settings({
    language: v.optional(languageTag, defaultLanguage),
    ...shared,
    ...textsOf(tag),
    ...brand,
  });
  return v.pipe(
    schema,
    v.transform(({ language, color, logo, ...texts }) =>
      pageOf({ color, logo, languages: { [language]: texts } }),
    ),
  );
}

function severalLanguages(given: unknown, isNamed: boolean) {
  const tags = v.is(object, given) ? Object.keys(given) : [];
  const schemaOf = (tag: string) => settings({ ...shared, ...textsOf(tag, isNamed) });
  const schemas = tags.map((tag) => [tag, isLanguageTag(tag) ? schemaOf(tag) : v.never(allowedTag)]);
  const languages = settings(Object.fromEntries(schemas) as Record<string, ReturnType<typeof schemaOf>>);
  const allowed = 'at least one language, the first of which is shown by default: {"es": {}, "en": {}}';
  const schema = settings({
    languages: v.pipe(
      languages,
      v.check(() => tags.length > 0, allowed),
      v.check(
        () => new Set(tags.map((tag) => tag.toLowerCase())).size === tags.length,
        'each language once: upper and lower case make no difference',
      ),
    ),
    ...shared,
    ...brand,
  });
  return v.pipe(
    schema,
    v.transform((page) => pageOf(page)),
  );
}

/** Only the shipped languages have defaults: a page in another one needs every text. */
function textsOf(tag: string, isNamed = false) {
  const shipped = shippedTextsFor(tag);
  const schemaOf = (name: keyof PageTexts) => (shipped ? v.optional(plainText, shipped[name]) : plainText);
  const names = Object.keys(en).filter((name) => name !== 'lenderName') as (keyof PageTexts)[];
  return {
    ...(Object.fromEntries(names.map((name) => [name, schemaOf(name)])) as Record<
      keyof PageTexts,
      typeof plainText
    >),
    lenderName: shipped || isNamed ? v.optional(plainText) : plainText,
  };
}

type Shared = { [Name in keyof typeof shared]?: string | undefined };

function pageOf({
  languages,
  color,
  logo,
  ...shared
}: Shared & {
  languages: Record<string, Shared & PageTexts>;
  color: string;
  logo?: string | undefined;
}): Page {
  const pageLanguages = Object.entries(languages).map(([language, texts]): PageLanguage => {
    const { lenderName = shared.lenderName ?? shippedTextsFor(language)?.lenderName ?? '' } = texts;
    const { supportLine = shared.supportLine, privacyUrl = shared.privacyUrl } = texts;
    return { ...texts, language, direction: directionOf(language), lenderName, supportLine, privacyUrl };
  });
  return {
    // The schema refuses a page without a language.
    languages: pageLanguages as [PageLanguage, ...PageLanguage[]],
    brand: { color, darkColor: darkSchemeColor(color), logo },
  };
}

/** The scripts in use today that are written from right to left, by their ISO 15924 codes. */
const rightToLeft = new Set(['Adlm', 'Arab', 'Hebr', 'Nkoo', 'Rohg', 'Syrc', 'Thaa']);

/** Decides by the script of a tag, which most tags do not name: `ur` is written in Arabic script, `ur-Latn` is not. */
function directionOf(tag: string): 'ltr' | 'rtl' {
  return rightToLeft.has(new Intl.Locale(tag).maximize().script ?? '') ? 'rtl' : 'ltr';
}
