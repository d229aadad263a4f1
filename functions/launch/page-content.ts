import type { ServiceError } from '../errors.ts';
import type { ApplicantPage, PageContent } from './page.ts';

/** The page behind a good link: one button that starts the assessment. */
export function startContent({ title, text, button, opening }: ApplicantPage): PageContent {
  return { title, text, form: { method: 'post', button, opening } };
}

/** The page for an error, with a way on where there is one. `method` is the failed request's, to be tried again. */
export function errorContent(page: ApplicantPage, { code }: ServiceError, method: string): PageContent {
  const link = page.returnUrl ? { url: page.returnUrl, label: page.back } : undefined;
  switch (code) {
    case 'launch_link_invalid':
      return { title: page.invalidTitle, text: page.invalidText, link };
    case 'launch_link_expired':
      return { title: page.expiredTitle, text: page.expiredText, link };
    case 'rejected_by_vendor':
      return { title: page.rejectedTitle, text: page.rejectedText, link };
    default: {
      const form = {
        method: method === 'POST' ? 'post' : 'get',
        button: page.tryAgain,
        opening: page.opening,
      } as const;
      return { title: page.laterTitle, text: page.laterText, form, link };
    }
  }
}
