import type { ApplicantPage, PageLanguage } from '../../functions/applicant-page/applicant-page.ts';
import { errorContent } from '../../functions/applicant-page/page-content.ts';
import { renderTemplate } from '../../functions/applicant-page/render-page.ts';
import type { GatewayResponse } from './gateway-responses.ts';

/** API Gateway accepts a template of at most 8 kB. */
const tooManyBytes = 8_000;

/**
 * The same answer as a page for an applicant's browser: in the first language of the stage, then in as many of the
 * others as a template has room for. API Gateway replaces `$context.requestId` with the request's id.
 * @throws Error if not even the first has room.
 */
export function gatewayPage(
  { code }: Pick<GatewayResponse, 'code'>,
  { languages, brand, returnUrl }: ApplicantPage,
): string {
  // An applicant gets these errors, which only callers' mistakes cause, by an incomplete link.
  const situation = laterCodes.has(code) ? 'later' : 'invalid';
  const pageIn = (language: PageLanguage) => ({
    language,
    content: errorContent(language, situation, { method: 'GET', returnUrl }),
  });
  const [first, ...others] = languages;
  const page = { ...pageIn(first), brand };
  const bytes = Buffer.byteLength(renderTemplate(page, []));
  if (bytes >= tooManyBytes) {
    throw new Error(
      `applicantPage: in "${first.language}", a page of API Gateway would have ${bytes} bytes, and it takes less than ${tooManyBytes}. Shorten its texts, the longest first.`,
    );
  }
  const shown: ReturnType<typeof pageIn>[] = [];
  for (const other of others) {
    shown.push(pageIn(other));
    if (Buffer.byteLength(renderTemplate(page, shown)) >= tooManyBytes) shown.pop();
  }
  return renderTemplate(page, shown);
}

/** Errors where another try may help. */
const laterCodes = new Set(['too_many_requests', 'internal_error', 'gateway_timeout']);
