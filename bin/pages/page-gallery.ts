import type { ApplicantPage } from '../../functions/applicant-page/applicant-page.ts';
import {
  endings,
  errorContent,
  returnContent,
  startContent,
} from '../../functions/applicant-page/page-content.ts';
import { renderPage } from '../../functions/applicant-page/render-page.ts';
import { gatewayPage } from '../../lib/api/gateway-page.ts';

/** One page that an applicant can see. */
export type GalleryPage = {
  /** Such as `expired`; unique within a language. */
  name: string;
  /** When an applicant sees it. */
  when: string;
  language: string;
  html: string;
};

/** Every page of a stage in each of its languages; those of API Gateway in the first. */
export function listPages(applicantPage: ApplicantPage): GalleryPage[] {
  return [
    ...applicantPage.languages.flatMap((language) => pagesIn(language, applicantPage)),
    ...gatewayPages.map(({ code, ...page }) => ({
      ...page,
      language: applicantPage.languages[0].language,
      html: gatewayPage({ code }, applicantPage).replace('$context.requestId', sampleRequestId),
    })),
  ];
}

const gatewayPages = [
  { code: 'forbidden', name: 'gateway-refused', when: 'API Gateway refuses: the address is incomplete' },
  { code: 'too_many_requests', name: 'gateway-busy', when: 'API Gateway refuses: too many at once' },
];

const sampleRequestId = '3f2a9c1b-6d4e-4f0a-9b7c-2e8d5a1c0f34';

function pagesIn(
  language: ApplicantPage['languages'][number],
  { brand, returnUrl }: ApplicantPage,
): GalleryPage[] {
  const errors = [
    ['later', 'Begini or this service fails: another try may help'],
    ['expired', 'The link has expired'],
    ['invalid', 'The link is incomplete'],
    ['rejected', 'Begini refuses the applicant'],
  ] as const;
  const options = { method: 'POST', returnUrl, reference: sampleRequestId.slice(0, 8) };
  return [
    { name: 'start', when: 'The link is opened', content: startContent(language) },
    ...errors.map(([name, when]) => ({ name, when, content: errorContent(language, name, options) })),
    ...endings.map((ending) => ({
      name: `return-${ending}`,
      when: `Begini sends the browser back: ${ending}`,
      content: returnContent(language, ending, returnUrl),
    })),
  ].map(({ content, ...page }) => ({
    ...page,
    language: language.language,
    html: renderPage({ language, brand, content }),
  }));
}

/** The two schemes that a phone or a computer can be set to. */
export const schemes = ['light', 'dark'] as const;

/** The page in one scheme, regardless of the reader's settings. */
export function inScheme(html: string, scheme: (typeof schemes)[number]): string {
  return html
    .replace('color-scheme:light dark', `color-scheme:${scheme}`)
    .replace('@media(prefers-color-scheme:dark)', `@media ${scheme === 'dark' ? 'all' : 'not all'}`)
    .replace(/<meta http-equiv="Content-Security-Policy".*\n/, '');
}
