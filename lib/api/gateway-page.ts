import type { ApplicantPage } from '../../functions/applicant-page/applicant-page.ts';
import { errorContent } from '../../functions/applicant-page/page-content.ts';
import { renderTemplate } from '../../functions/applicant-page/render-page.ts';
import type { GatewayResponse } from './gateway-responses.ts';

/**
 * The same answer as a page for an applicant's browser, in the first language of the stage. It is a template for API
 * Gateway, which puts the request's id in the place of `$context.requestId`.
 */
export function gatewayPage(
  { code }: Pick<GatewayResponse, 'code'>,
  { languages: [language], brand, returnUrl }: ApplicantPage,
): string {
  // What only a caller's mistake leads to, an applicant meets by a link that is not whole.
  const situation = laterCodes.has(code) ? 'later' : 'invalid';
  const content = errorContent(language, situation, { method: 'GET', returnUrl });
  return renderTemplate({ language, brand, content });
}

/** Answers that another try may get past. */
const laterCodes = new Set(['too_many_requests', 'internal_error', 'gateway_timeout']);
