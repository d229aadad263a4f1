import type { PageLanguage } from './applicant-page.ts';

/** One page: a heading, a text, and what the applicant can do. */
export type PageContent = {
  title: string;
  text: string;
  /** What to expect of the assessment. */
  facts?: { duration: string; handover: string } | undefined;
  /** A form without fields, sent to the page's own address. */
  form?: { method: 'get' | 'post'; button: string; opening: string } | undefined;
  /** The way back to the lender. */
  link?: { url: string; label: string } | undefined;
  /** To read out on the phone: the beginning of the request's id. */
  reference?: string | undefined;
};

/** What went wrong, as far as it matters to the applicant. */
export type Situation = 'invalid' | 'expired' | 'rejected' | 'later';

/** Where an error page leads, and how its request is found. */
export type ErrorPageOptions = {
  /** The failed request's method, to be tried again. */
  method: string | undefined;
  returnUrl: string | undefined;
  /** Absent in a template: API Gateway puts it in. */
  reference?: string;
};

/** The page behind a good link: one button that starts the assessment. */
export function startContent(language: PageLanguage): PageContent {
  const { title, text, duration, handover, button, opening } = language;
  return { title, text, facts: { duration, handover }, form: { method: 'post', button, opening } };
}

/** The situation of the applicant for the code of an error. */
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

/** The page for a situation: a button where trying again can help, and the way back where the stage has one. */
export function errorContent(
  language: PageLanguage,
  situation: Situation,
  { method, returnUrl, reference }: ErrorPageOptions,
): PageContent {
  const { tryAgain, opening, back } = language;
  return {
    title: language[`${situation}Title`],
    text: language[`${situation}Text`],
    ...(situation === 'later' && {
      form: { method: method === 'POST' ? 'post' : 'get', button: tryAgain, opening },
    }),
    ...(returnUrl && { link: { url: returnUrl, label: back } }),
    ...(reference && { reference }),
  };
}
