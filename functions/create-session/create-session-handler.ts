import { createSession, type SessionService } from '../begini/create-session.ts';
import { created, redirect } from '../shared/answers.ts';
import { type ApiHandler, apiHandler } from '../shared/api-handler.ts';
import { requestDeadline } from '../shared/deadlines.ts';
import { jsonBody } from '../shared/json-body.ts';
import { requestIdOf, uidReference } from '../shared/request-log.ts';
import type { Settings } from '../shared/settings.ts';
import { parseBody } from './parse-body.ts';

/** What the handler works with; `writeLine` takes the log lines, by default to standard output. */
export type HandlerOptions = SessionService & { settings: Settings; writeLine?: (line: string) => void };

/**
 * `POST /sessions` with `{"uid": "…"}`: `302` into the assessment, or `201` `{"url", "expires_at"}`
 * where the caller's `Accept` names `application/json`.
 */
export function createSessionHandler({ settings, writeLine, ...service }: HandlerOptions): ApiHandler {
  return apiHandler({ stage: settings.stage, writeLine }, jsonBody(), async (event, context) => {
    const applicant = parseBody(event.body);
    context.trace.uidRef = uidReference(applicant.uid, settings.uidRefKey);

    const deadline = requestDeadline({
      now: Date.now(),
      remainingMs: context.getRemainingTimeInMillis(),
      receivedAt: event.requestContext.requestTimeEpoch,
    });
    const session = await createSession(applicant, service, deadline, context.trace);
    context.trace.outcome = 'session_created';

    const url = `${settings.origins.assessment}/${session.accessToken}`;
    const requestId = requestIdOf(event, context);
    return namesJson(event.headers.accept)
      ? created({ url, expires_at: session.expiresAt }, requestId)
      : redirect(url, requestId);
  });
}

/** Whether `Accept` holds `application/json` itself, not only a wildcard that covers it (RFC 9110 §12.5.1). */
function namesJson(accept = ''): boolean {
  return accept
    .toLowerCase()
    .split(',')
    .some((range) => /^\s*application\/json\s*(;|$)/.test(range) && !/;\s*q=0(\.0*)?\s*$/.test(range));
}
