/** What one request, or one rotation step, collects for its log line. None of it is a secret or names the applicant. */
export type RequestTrace = {
  /** The outcome of a request without an error: `session_created`. */
  outcome?: string;
  /** Pseudonym of the uid, 12 hex digits. */
  uidRef?: string;
  vendorAttempts: number;
  /** Milliseconds spent on the vendor, all attempts together. */
  vendorMs: number;
  /** HTTP status of the vendor's last response. */
  vendorStatus?: number;
  /** The `exp` of the vendor's token was not in the future, so it was not used. */
  vendorExpiry?: 'absurd';
  /** Reads of a secret that this request started. */
  secretReads: number;
  /** Whether a secret was used that is too old because its refresh failed. */
  secretStale?: boolean;
  secretVersionId?: string;
  /** Calls to the table of sessions, and the milliseconds they took; absent in a stage that remembers no sessions. */
  storeCalls?: number;
  storeMs?: number;
  /** `unavailable`: the session was created without the table. `unreadable`: its content could not be decrypted. */
  store?: 'unavailable' | 'unreadable';
  /** The error's name if the table was unavailable: `AccessDeniedException`. */
  storeReason?: string;
  /** Why a signed event was set aside: `result_unreadable`, `result_foreign`. */
  code?: string;
  /** The form of a result's signature: the one that verified it, else the first. */
  signature?: 'sha512' | 'sha256' | undefined;
  /** Which key verified a result. */
  verifiedBy?: 'current' | 'previous';
  /** Whether a body that no key verified names the integration id of this stage. */
  claimsIntegration?: boolean;
  /** The type of a result: a documented one, or `other`. */
  eventType?: string;
  /** The first 8 hex digits of the id of a result. */
  resultId?: string;
};

/** What is passed with one request through every layer. */
export type RequestScope = {
  /** Epoch milliseconds by which the request must be answered. */
  readonly deadline: number;
  readonly trace: RequestTrace;
};

/** A scope with an empty trace that ends at `deadline` (epoch ms). */
export function createScope(deadline: number): RequestScope {
  return { deadline, trace: { vendorAttempts: 0, vendorMs: 0, secretReads: 0 } };
}

/** The same request with less time: it ends after `timeoutMs` if that is earlier. The trace is shared. */
export function limitScope({ deadline, trace }: RequestScope, timeoutMs: number): RequestScope {
  return { deadline: Math.min(deadline, Date.now() + timeoutMs), trace };
}
