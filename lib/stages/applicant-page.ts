import type { ApplicantPage } from '../../functions/launch/page.ts';
import { type Check, type SettingsReader, text } from './settings-reader.ts';

/** The texts of the pages that applicants see, without the way back. */
export type ApplicantTexts = Omit<ApplicantPage, 'returnUrl'>;

/** What applicants read where a stage says nothing else. */
export const defaultTexts: ApplicantTexts = {
  language: 'en',
  lenderName: 'Your lender',
  title: 'Your assessment is ready',
  text: 'The next step of your application is a short assessment. When you are ready, start it here.',
  button: 'Start the assessment',
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

/** Lambda allows 4 kB for all environment variables of a function. */
const mostBytes = 3_000;

const languageTag = text(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a language tag such as "en" or "pt-BR"');
const plainText = text(/^[^\p{Cc}]{1,300}$/u, 'a text of 1 to 300 characters, without line breaks');
const httpsUrl: Check<string> = {
  accepts: (value): value is string => typeof value === 'string' && isHttpsUrl(value),
  allowed: 'an address such as "https://www.lender.example/applications", without user or password',
};

/** Reads the settings `applicantPage` and `returnUrl` of a row. A page in another language than English needs each text. */
export function readApplicantPage(row: SettingsReader): ApplicantPage {
  const texts = row.nested('applicantPage', (settings) => {
    const language = settings.optional('language', languageTag) ?? defaultTexts.language;
    const isEnglish = /^en\b/.test(language);
    const names = Object.keys(defaultTexts).filter((name) => name !== 'language') as (keyof ApplicantTexts)[];
    const read = names.map((name) => [
      name,
      isEnglish
        ? (settings.optional(name, plainText) ?? defaultTexts[name])
        : settings.required(name, plainText),
    ]);
    return { language, ...Object.fromEntries(read) } as ApplicantTexts;
  });
  const page = { ...texts, returnUrl: row.optional('returnUrl', httpsUrl) };
  const bytes = Buffer.byteLength(JSON.stringify(page));
  if (bytes > mostBytes) {
    row.refuse('applicantPage', `${bytes} bytes`, `texts of at most ${mostBytes} bytes together`);
  }
  return page;
}

function isHttpsUrl(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && value.length <= 500;
}
