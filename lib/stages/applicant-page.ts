import * as v from 'valibot';
import type { ApplicantPage } from '../../functions/launch/page.ts';
import { httpsUrl, notAllowed, object, settings, text } from './settings.ts';

/** The texts of the pages that applicants see, without the way back. */
export type ApplicantTexts = Omit<ApplicantPage, 'returnUrl'>;

/** What applicants read where a stage says nothing else. */
export const defaultTexts: ApplicantTexts = {
  language: 'en',
  lenderName: 'Your lender',
  title: 'Your assessment is ready',
  text: 'The next step of your application is a short assessment. When you are ready, start it here.',
  button: 'Start the assessment',
  opening: 'Opening the assessment…',
  invalidTitle: 'This link does not work',
  invalidText:
    'It may not be complete. Please open it again from the message you received, or ask us for a new one.',
  expiredTitle: 'This link has expired',
  expiredText: 'Please ask us for a new one.',
  rejectedTitle: 'The assessment cannot be started',
  rejectedText: 'You may already have taken it. If you have not, please get in touch with us.',
  laterTitle: 'The assessment cannot be started right now',
  laterText: 'This is not your fault, and nothing is lost. Please try again in a moment.',
  tryAgain: 'Try again',
  back: 'Go back',
};

type TextName = Exclude<keyof ApplicantTexts, 'language'>;

/** Lambda allows 4 kB for all environment variables of a function. */
const mostBytes = 3_000;

const languageTag = text(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a language tag such as "en" or "pt-BR"');
const plainText = text(/^[^\p{Cc}]{1,300}$/u, 'a text of 1 to 300 characters, without line breaks');

/** Only English texts have defaults: a page in another language needs all of them. */
const englishTexts = textsSchema((name) => v.optional(plainText, defaultTexts[name]));
const translatedTexts = textsSchema(() => plainText);

/** The settings of a row that make up the applicant's pages. */
export const applicantPageSettings = {
  applicantPage: v.optional(
    v.lazy((texts) => (isTranslated(texts) ? translatedTexts : englishTexts)),
    {},
  ),
  returnUrl: v.optional(httpsUrl('https://www.lender.example/applications')),
};

function textsSchema<Schema extends v.GenericSchema<string | undefined, string>>(
  schemaOf: (name: TextName) => Schema,
) {
  const names = Object.keys(defaultTexts).filter((name) => name !== 'language') as TextName[];
  return settings({
    language: v.optional(languageTag, defaultTexts.language),
    ...(Object.fromEntries(names.map((name) => [name, schemaOf(name)])) as Record<TextName, Schema>),
  });
}

function isTranslated(texts: unknown): boolean {
  return v.is(object, texts) && v.is(languageTag, texts.language) && !/^en\b/.test(texts.language);
}

/** Refuses texts that do not fit into a function's environment; `path` is the row's. */
export function refuseLongTexts(
  path: string,
  { applicantPage, returnUrl }: { applicantPage?: ApplicantTexts; returnUrl?: string | undefined },
): string[] {
  const bytes = Buffer.byteLength(JSON.stringify({ ...applicantPage, returnUrl }));
  if (bytes <= mostBytes) return [];
  const allowed = `texts of at most ${mostBytes} bytes together`;
  return [notAllowed(`${path}.applicantPage`, `${bytes} bytes`, allowed)];
}
