import httpHeaderNormalizer from '@middy/http-header-normalizer';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { SessionService } from '../begini/create-session.ts';
import { acceptNames } from '../shared/accept.ts';
import { page, problem, redirect, retryAfter } from '../shared/answers.ts';
import { type ApiHandler, apiHandler } from '../shared/api-handler.ts';
import { deadlineOf } from '../shared/deadlines.ts';
import type { AnswerError } from '../shared/error-answers.ts';
import { CallerError } from '../shared/errors.ts';
import type { LaunchKeys } from '../shared/launch-keys.ts';
import { openLaunchToken } from '../shared/launch-token.ts';
import { requestIdOf, type TracedContext, uidReference } from '../shared/request-log.ts';
import { startSession } from '../shared/start-session.ts';
import { contentSecurityPolicy, renderPage } from './page.ts';
import { errorContent, startContent } from './page-content.ts';
import type { LaunchSettings } from './settings.ts';

/** What the handler works with; `writeLine` takes the log lines, by default to standard output. */
export type LaunchHandlerOptions = SessionService & {
  settings: LaunchSettings;
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
  const { settings, launchKeys, writeLine, now = Date.now, ...service } = options;
  const { applicantPage } = settings;
  const headers = { 'Content-Security-Policy': contentSecurityPolicy(settings.origins.assessment) };
  const startPage = renderPage(applicantPage, startContent(applicantPage));

  async function readUid(event: APIGatewayProxyEvent, context: TracedContext): Promise<string> {
    const deadline = deadlineOf(event, context);
    const { uid, expiresAt } = await openLaunchToken(event.pathParameters?.token ?? '', (keyId) =>
      launchKeys.find(keyId, deadline, context.trace),
    );
    context.trace.uidRef = uidReference(uid, settings.uidRefKey);
    if (now() >= expiresAt * 1000) throw new CallerError('launch_link_expired');
    return uid;
  }

  const answerError: AnswerError = (error, requestId, event) => {
    if (!acceptNames(event?.headers?.accept, 'text/html')) return problem(error, requestId);
    const html = renderPage(applicantPage, errorContent(applicantPage, error, event.httpMethod));
    return page(html, requestId, {
      statusCode: error.statusCode,
      headers: { ...headers, ...retryAfter(error) },
    });
  };

  return apiHandler(
    { stage: settings.stage, writeLine, answerError },
    [httpHeaderNormalizer()],
    async (event, context) => {
      const uid = await readUid(event, context);
      const requestId = requestIdOf(event, context);
      if (event.httpMethod === 'POST') {
        const { url } = await startSession({ uid }, { settings, service }, event, context);
        return redirect(url, requestId);
      }
      context.trace.outcome = 'page_shown';
      return page(startPage, requestId, { headers });
    },
  );
}
