import type { CallTrace, VendorClient } from '../begini/client.ts';
import { buildSessionRequest } from '../begini/request.ts';
import { isRefusal, judgeResponse, type Session } from '../begini/response.ts';
import type { CredentialsCache, CredentialsTrace } from '../credentials/credentials-cache.ts';
import { vendorTimeoutMs } from '../deadlines.ts';
import { CallerError } from '../errors.ts';

/** An applicant to send into the assessment. */
export type Applicant = {
  /** The lender's own id: 5 to 60 letters, digits and hyphens. */
  uid: string;
  /** The integration the caller believes in, where it names one. */
  integrationId?: string | undefined;
};

/** What a session is created with. */
export type SessionService = { credentials: CredentialsCache; vendor: VendorClient; hmac: boolean };

/** What creating a session reports for the log line. */
export type SessionTrace = CallTrace & CredentialsTrace;

/**
 * Creates a session at the vendor by `deadline` (epoch ms). Where the vendor refuses the credentials and the secret
 * has a newer version, it calls once more with that.
 *
 * @throws CallerError `integration_mismatch`, VendorError, OperatorError.
 */
export async function createSession(
  { uid, integrationId }: Applicant,
  { credentials: cache, vendor, hmac }: SessionService,
  deadline: number,
  trace: SessionTrace,
): Promise<Session> {
  let credentials = await cache.get(deadline, trace);
  const vendorDeadline = Math.min(deadline, Date.now() + vendorTimeoutMs);

  const call = async () => {
    if (integrationId !== undefined && integrationId !== credentials.integrationId) {
      throw new CallerError('integration_mismatch');
    }
    return await vendor.send(buildSessionRequest(uid, credentials, { hmac }), vendorDeadline, trace);
  };

  let answer = await call();
  if (isRefusal(answer)) {
    credentials = await cache.replace(credentials, vendorDeadline, trace);
    answer = await call();
  }
  if (isRefusal(answer)) cache.refuse(credentials);
  else cache.accept(credentials);

  return judgeResponse(answer, uid, credentials.integrationId);
}
