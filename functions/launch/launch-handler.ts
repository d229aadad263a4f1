import httpHeaderNormalizer from '@middy/http-header-normalizer';
import { CallerError } from '../errors.ts';
import { acceptsExplicitly } from '../http/accept.ts';
import { type ApiHandler, apiHandler } from '../http/api-handler.ts';
import type { RespondToError } from '../http/error-responses.ts';
import { page, problem, redirect, retryAfter } from '../http/responses.ts';
import type { LaunchKeys } from '../launch-links/launch-keys.ts';
import { openLaunchToken } from '../launch-links/launch-token.ts';
import type { RequestScope } from '../request-scope.ts';
import type { SessionService } from '../session/session-service.ts';
import { uidReference } from '../uid.ts';
import { contentSecurityPolicy, renderPage } from './page.ts';
import { errorContent, startContent } from './page-content.ts';
import type { LaunchSettings } from './settings.ts';

/** What the handler works with; `writeLine` takes the log lines, by default to standard output. */
export type LaunchHandlerOptions = {
  settings: LaunchSettings;
  sessions: SessionService;
  launchKeys: LaunchKeys;
  writeLine?: (line: string) => void;
  /** Epoch milliseconds. */
  now?: () => number;
};

/**
 * `GET` and `HEAD /launch/{token}`: the page with the button, which asks nothing of the vendor; `POST`, sent by that
 * button: `302` into the assessment. A browser gets errors as pages, anything else as problems.
 */
export function createLaunchHandler(options: LaunchHandlerOptions): ApiHandler {
  const { settings, sessions, launchKeys, writeLine, now = Date.now } = options;
  const { applicantPage } = settings;
  const headers = { 'Content-Security-Policy': contentSecurityPolicy(settings.origins.assessment) };
  const startPage = renderPage(applicantPage, startContent(applicantPage));

  async function readUid(token: string, scope: RequestScope): Promise<string> {
    const { uid, expiresAt } = await openLaunchToken(token, (keyId) => launchKeys.find(keyId, scope));
    scope.trace.uidRef = uidReference(uid, settings.uidRefKey);
    if (now() >= expiresAt * 1000) throw new CallerError('launch_link_expired');
    return uid;
  }

  const respondToError: RespondToError = (error, requestId, event) => {
    if (!acceptsExplicitly(event?.headers?.accept, 'text/html')) return problem(error, requestId);
    const html = renderPage(applicantPage, errorContent(applicantPage, error, event?.httpMethod));
    return page(html, requestId, {
      statusCode: error.statusCode,
      headers: { ...headers, ...retryAfter(error) },
    });
  };

  return apiHandler(
    { stage: settings.stage, writeLine, respondToError },
    [httpHeaderNormalizer()],
    async (event, { scope, requestId }) => {
      const uid = await readUid(event.pathParameters?.token ?? '', scope);
      if (event.httpMethod === 'POST')
        return redirect((await sessions.create({ uid }, scope)).url, requestId);
      scope.trace.outcome = 'page_shown';
      return page(startPage, requestId, { headers });
    },
  );
}
