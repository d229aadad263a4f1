import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { ApplicantPage } from '../applicant-page/applicant-page.ts';
import { chooseLanguage } from '../applicant-page/choose-language.ts';
import { contentSecurityPolicy } from '../applicant-page/content-security-policy.ts';
import {
  endings,
  errorContent,
  returnContent,
  situationOf,
  startContent,
} from '../applicant-page/page-content.ts';
import { type Page, renderPage } from '../applicant-page/render-page.ts';
import { CallerError } from '../errors.ts';
import { acceptsExplicitly } from '../http/accept.ts';
import { type ApiHandler, apiHandler } from '../http/api-handler.ts';
import type { RespondToError } from '../http/error-responses.ts';
import { requestHeaders } from '../http/request-headers.ts';
import type { ScopedContext } from '../http/request-log.ts';
import { page, problem, redirect, retryAfter } from '../http/responses.ts';
import type { LaunchKeys } from '../launch-links/launch-keys.ts';
import { longestLifeSeconds } from '../launch-links/launch-link-life.ts';
import { openLaunchToken } from '../launch-links/launch-token.ts';
import type { SessionService } from '../session/session-service.ts';
import { uidReference } from '../uid.ts';
import type { LaunchSettings } from './settings.ts';

/** Enough of a request's id to find it in the log, and short enough to read out on the phone. */
const referenceCharacters = 8;

/** For clocks that differ. */
const toleranceSeconds = 86_400;

/** What the handler works with; `writeLine` receives the log lines; by default they go to standard output. */
export type LaunchHandlerOptions = {
  settings: LaunchSettings;
  /** What the pages say, and how they look. */
  applicantPage: ApplicantPage;
  sessions: SessionService;
  launchKeys: LaunchKeys;
  writeLine?: (line: string) => void;
  /** Epoch milliseconds. */
  now?: () => number;
};

/**
 * `GET` and `HEAD /launch/{token}`: the page with the button, without a call to the vendor; `POST`, sent by that
 * button: `302` to the assessment. A browser gets errors as pages, anything else as problems.
 *
 * `GET` and `HEAD /return/{ending}`: the page after the assessment, without any call.
 */
export function createLaunchHandler(options: LaunchHandlerOptions): ApiHandler {
  const { settings, applicantPage, sessions, launchKeys, writeLine, now = Date.now } = options;
  const { languages, brand, returnUrl } = applicantPage;
  const headers = { 'Content-Security-Policy': contentSecurityPolicy(brand, settings.origins.assessment) };

  async function readUid(event: APIGatewayProxyEvent, context: ScopedContext): Promise<string> {
    const { scope } = context;
    const token = event.pathParameters?.token ?? '';
    const claims = await openLaunchToken(token, async (keyId) => {
      const key = launchKeys.find(keyId, scope);
      // A session needs the credentials next: if both secrets are overdue, they are read at the same time. A read that
      // was left over would be frozen with the function, and the next tap would wait for it.
      await Promise.allSettled([key, event.httpMethod === 'POST' && sessions.refreshCredentials(scope)]);
      return await key;
    });
    const secondsLeft = claims.expiresAt - now() / 1000;
    // No link lives longer than that.
    if (secondsLeft > longestLifeSeconds + toleranceSeconds) throw new CallerError('launch_link_invalid');
    context.linkLanguage = claims.language;
    scope.trace.uidRef = uidReference(claims.uid, settings.uidRefKey);
    if (secondsLeft <= 0) throw new CallerError('launch_link_expired');
    return claims.uid;
  }

  const languageOf = (event: APIGatewayProxyEvent, { linkLanguage }: ScopedContext) =>
    chooseLanguage(languages, {
      linkLanguage,
      acceptLanguage: event.headers?.['accept-language'],
    });

  const show = ({ language, content }: Omit<Page, 'brand'>, requestId: string) =>
    page(renderPage({ language, brand, content }), requestId, { headers });

  function showReturnPage(word: string, event: APIGatewayProxyEvent, context: ScopedContext) {
    const ending = endings.find((each) => each === word);
    if (!ending) throw new CallerError('launch_link_invalid');
    context.scope.trace.outcome = 'return_page_shown';
    const language = languageOf(event, context);
    return show({ language, content: returnContent(language, ending, returnUrl) }, context.requestId);
  }

  const respondToError: RespondToError = (error, event, context) => {
    const { requestId } = context;
    if (!acceptsExplicitly(event?.headers?.accept, 'text/html')) return problem(error, requestId);
    const language = languageOf(event, context);
    const content = errorContent(language, situationOf(error.code), {
      method: event.httpMethod,
      returnUrl,
      reference: requestId.slice(0, referenceCharacters),
    });
    return page(renderPage({ language, brand, content }), requestId, {
      statusCode: error.statusCode,
      headers: { ...headers, ...retryAfter(error) },
    });
  };

  return apiHandler(
    { stage: settings.stage, writeLine, respondToError },
    requestHeaders(),
    async (event, context) => {
      const { scope, requestId } = context;
      const ending = event.pathParameters?.ending;
      if (ending !== undefined) return showReturnPage(ending, event, context);
      const uid = await readUid(event, context);
      if (event.httpMethod === 'POST')
        return redirect((await sessions.create({ uid }, scope)).url, requestId);
      scope.trace.outcome = 'page_shown';
      const language = languageOf(event, context);
      return show({ language, content: startContent(language) }, requestId);
    },
  );
}
