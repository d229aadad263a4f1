import type { SessionService } from '../begini/create-session.ts';
import { acceptNames } from '../shared/accept.ts';
import { created, redirect } from '../shared/answers.ts';
import { type ApiHandler, apiHandler } from '../shared/api-handler.ts';
import { jsonBody } from '../shared/json-body.ts';
import { requestIdOf } from '../shared/request-log.ts';
import type { Settings } from '../shared/settings.ts';
import { startSession } from '../shared/start-session.ts';
import { parseBody } from './parse-body.ts';

/** What the handler works with; `writeLine` takes the log lines, by default to standard output. */
export type HandlerOptions = SessionService & { settings: Settings; writeLine?: (line: string) => void };

/**
 * `POST /sessions` with `{"uid": "…"}`: `302` into the assessment, or `201` `{"url", "expires_at"}`
 * where the caller's `Accept` names `application/json`.
 */
export function createSessionHandler({ settings, writeLine, ...service }: HandlerOptions): ApiHandler {
  return apiHandler({ stage: settings.stage, writeLine }, jsonBody(), async (event, context) => {
    const session = await startSession(parseBody(event.body), { settings, service }, event, context);
    const requestId = requestIdOf(event, context);
    return acceptNames(event.headers.accept, 'application/json')
      ? created({ url: session.url, expires_at: session.expiresAt }, requestId)
      : redirect(session.url, requestId);
  });
}
