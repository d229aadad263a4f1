/** What one request, or one rotation step, gathers for its log line. None of it is a secret or names the applicant. */
export type RequestTrace = {
  /** What a request without an error came to: `session_created`. */
  outcome?: string;
  /** Pseudonym of the uid, 12 hex digits. */
  uidRef?: string;
  vendorAttempts: number;
  /** Milliseconds spent on the vendor, all attempts together. */
  vendorMs: number;
  /** HTTP status of the vendor's last response. */
  vendorStatus?: number;
  /** Reads of a secret that this request started. */
  secretReads: number;
  /** Whether a secret was served that is overdue for a refresh which failed. */
  secretStale?: boolean;
  secretVersionId?: string;
  /** Calls to the table of sessions, and the milliseconds they took; absent in a stage that remembers none. */
  storeCalls?: number;
  storeMs?: number;
  /** `unavailable`: the session was created without the table. `unreadable`: what it held did not open. */
  store?: 'unavailable' | 'unreadable';
  /** The error's name where the table was unavailable: `AccessDeniedException`. */
  storeReason?: string;
};

/** What travels with one request through every layer. */
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
