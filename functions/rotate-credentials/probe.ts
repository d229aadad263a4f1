import { randomUUID } from 'node:crypto';
import type { VendorClient } from '../begini/client.ts';
import { buildSessionRequest } from '../begini/request.ts';
import { judgeResponse } from '../begini/response.ts';
import type { CredentialsPair } from '../credentials/credentials-pair.ts';
import { vendorTimeoutMs } from '../deadlines.ts';
import { ServiceError } from '../errors.ts';
import { limitScope, type RequestScope } from '../request-scope.ts';
import { RotationError, type RotationErrorCode } from './rotation-error.ts';

/** The vendor that tests a pair, and whether calls to it are signed. */
export type ProbeTarget = { vendor: VendorClient; hmac: boolean };

const codesByStatus: Record<number, RotationErrorCode> = {
  401: 'refused_401',
  403: 'refused_403',
  422: 'rejected_422',
};

/**
 * Creates one real session with `pair`, for a uid that no applicant has: there is no other way to learn
 * whether Begini accepts a pair. The session is never entered.
 *
 * @throws RotationError if the answer is not a usable session.
 */
export async function probe(
  pair: CredentialsPair,
  { vendor, hmac }: ProbeTarget,
  scope: RequestScope,
): Promise<void> {
  const uid = `ROTCHK${randomUUID().replaceAll('-', '')}`;
  const request = buildSessionRequest(uid, pair, { hmac });
  try {
    const answer = await vendor.send(request, limitScope(scope, vendorTimeoutMs));
    judgeResponse(answer, uid, pair.integrationId);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new RotationError(codeOf(error, scope.trace.vendorStatus));
  }
}

function codeOf({ code }: ServiceError, vendorStatus = 0): RotationErrorCode {
  const isSuccess = vendorStatus >= 200 && vendorStatus < 300;
  if (isSuccess && code === 'vendor_response_invalid') return 'vendor_unusable';
  return codesByStatus[vendorStatus] ?? 'vendor_unreachable';
}
