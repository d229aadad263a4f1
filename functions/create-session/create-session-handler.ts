import { acceptsExplicitly } from '../http/accept.ts';
import { type ApiHandler, apiHandler } from '../http/api-handler.ts';
import { isoTime } from '../http/iso-time.ts';
import { jsonBody } from '../http/json-body.ts';
import { created, redirect } from '../http/responses.ts';
import type { LogOptions } from '../log-line.ts';
import type { SessionService } from '../session/session-service.ts';
import { parseBody } from './parse-body.ts';

/** What the handler works with. */
export type HandlerOptions = LogOptions & { sessions: SessionService };

/**
 * `POST /sessions` with `{"uid": "…"}`: `302` to the assessment, or `201` `{"url", "expires_at", "resumed"}` if the
 * caller's `Accept` names `application/json`.
 */
export function createSessionHandler({ sessions, ...log }: HandlerOptions): ApiHandler {
  return apiHandler(log, jsonBody(), async (event, { scope, requestId }) => {
    const wantsJson = acceptsExplicitly(event.headers.accept, 'application/json');
    const { url, expiresAtSeconds, resumed } = await sessions.create(parseBody(event.body), scope);
    if (!wantsJson) return redirect(url, requestId);
    const expiresAt = expiresAtSeconds === null ? null : isoTime(expiresAtSeconds);
    return created({ url, expires_at: expiresAt, resumed }, requestId);
  });
}
