import { acceptsExplicitly } from '../http/accept.ts';
import { type ApiHandler, apiHandler } from '../http/api-handler.ts';
import { jsonBody } from '../http/json-body.ts';
import { requestIdOf } from '../http/request-log.ts';
import { created, redirect } from '../http/responses.ts';
import type { SessionService } from '../session/create-session.ts';
import type { Settings } from '../session/settings.ts';
import { startSession } from '../session/start-session.ts';
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
    return acceptsExplicitly(event.headers.accept, 'application/json')
      ? created({ url: session.url, expires_at: session.expiresAt }, requestId)
      : redirect(session.url, requestId);
  });
}
