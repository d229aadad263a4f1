import type { PageLanguage } from './applicant-page.ts';

/** One page: a heading, a text, and what the applicant can do. */
export type PageContent = {
  title: string;
  text: string;
  /** What to expect of the assessment. */
  facts?: { duration: string; handover: string } | undefined;
  /** A form, sent to the page's own address. */
  form?: { method: 'get' | 'post'; button: string; opening: string } | undefined;
  /** For a page that answers the form, in a browser without scripts: what to do if Back does not work. */
  afterBack?: string | undefined;
  /** The link back to the lender. */
  link?: { url: string; label: string } | undefined;
  /** To read out on the phone: the beginning of the request's id. */
  reference?: string | undefined;
};

/** The texts of the pages that Begini sends the browser to, by how the assessment ended: `/return/complete`. */
const returnTexts = {
  complete: 'returnComplete',
  cancelled: 'returnCancelled',
  expired: 'returnExpired',
} as const;

export type Ending = keyof typeof returnTexts;

/** How an assessment can end. */
export const endings = Object.keys(returnTexts) as Ending[];

/** What went wrong, as far as it matters to the applicant. */
export type Situation = 'invalid' | 'expired' | 'rejected' | 'later';

/** Where an error page leads, and how its request is found. */
export type ErrorPageOptions = {
  /** The failed request's method, for trying again and for going back. */
  method: string | undefined;
  returnUrl: string | undefined;
  /** Absent in a template: API Gateway inserts it. */
  reference?: string;
};

/** The page of a valid link: one button that starts the assessment. */
export function startContent(language: PageLanguage): PageContent {
  const { title, text, duration, handover, button, opening } = language;
  return { title, text, facts: { duration, handover }, form: { method: 'post', button, opening } };
}

/** Maps the code of an error to the applicant's situation. */
export function situationOf(code: string): Situation {
  switch (code) {
    case 'launch_link_invalid':
      return 'invalid';
    case 'launch_link_expired':
      return 'expired';
    case 'rejected_by_vendor':
      return 'rejected';
    default:
      return 'later';
  }
}

/** The page after the assessment. Anyone can open it, so it says nothing about the applicant. */
export function returnContent(
  language: PageLanguage,
  ending: Ending,
  returnUrl: string | undefined,
): PageContent {
  const name = returnTexts[ending];
  return { title: language[`${name}Title`], text: language[`${name}Text`], ...backTo(returnUrl, language) };
}

/** The link back to the lender if the stage has an address for it. */
function backTo(url: string | undefined, { back }: PageLanguage): Pick<PageContent, 'link'> {
  return url ? { link: { url, label: back } } : {};
}

/** The page for a situation: with a button if trying again can help, and the link back if the stage has one. */
export function errorContent(
  language: PageLanguage,
  situation: Situation,
  { method, returnUrl, reference }: ErrorPageOptions,
): PageContent {
  const { tryAgain, opening } = language;
  return {
    title: language[`${situation}Title`],
    text: language[`${situation}Text`],
    ...(situation === 'later' && {
      form: { method: method === 'POST' ? 'post' : 'get', button: tryAgain, opening },
    }),
    ...(method === 'POST' && { afterBack: language.afterBack }),
    ...backTo(returnUrl, language),
    ...(reference && { reference }),
  };
}
