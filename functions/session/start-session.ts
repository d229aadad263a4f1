import type { APIGatewayProxyEvent } from 'aws-lambda';
import { deadlineOf } from '../deadlines.ts';
import { type TracedContext, uidReference } from '../http/request-log.ts';
import { type Applicant, createSession, type SessionService } from './create-session.ts';
import type { Settings } from './settings.ts';

/** What a request that starts a session works with. */
export type StartOptions = { settings: Settings; service: SessionService };

/** Where the applicant's browser goes. */
export type StartedSession = {
  /** A credential: whoever holds it can enter. */
  url: string;
  /** ISO 8601 in UTC, or null where the vendor names no usable expiry. */
  expiresAt: string | null;
};

/**
 * Creates a session for the applicant within the request's deadline, and notes on its trace what it came to.
 *
 * @throws CallerError `integration_mismatch`, VendorError, OperatorError.
 */
export async function startSession(
  applicant: Applicant,
  { settings, service }: StartOptions,
  event: APIGatewayProxyEvent,
  context: TracedContext,
): Promise<StartedSession> {
  context.trace.uidRef ??= uidReference(applicant.uid, settings.uidRefKey);
  const session = await createSession(applicant, service, deadlineOf(event, context), context.trace);
  context.trace.outcome = 'session_created';
  return { url: `${settings.origins.assessment}/${session.accessToken}`, expiresAt: session.expiresAt };
}
