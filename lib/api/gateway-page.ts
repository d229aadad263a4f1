import type { ApplicantPage } from '../../functions/applicant-page/applicant-page.ts';
import { errorContent } from '../../functions/applicant-page/page-content.ts';
import { renderTemplate } from '../../functions/applicant-page/render-page.ts';
import type { GatewayResponse } from './gateway-responses.ts';

/**
 * The same answer as a page for an applicant's browser, in the first language of the stage. It is a template for API
 * Gateway, which replaces `$context.requestId` with the request's id.
 */
export function gatewayPage(
  { code }: Pick<GatewayResponse, 'code'>,
  { languages: [language], brand, returnUrl }: ApplicantPage,
): string {
  // An applicant gets these errors, which only callers' mistakes cause, by an incomplete link.
  const situation = laterCodes.has(code) ? 'later' : 'invalid';
  const content = errorContent(language, situation, { method: 'GET', returnUrl });
  return renderTemplate({ language, brand, content });
}

/** Errors where another try may help. */
const laterCodes = new Set(['too_many_requests', 'internal_error', 'gateway_timeout']);
