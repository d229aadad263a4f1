import { refusedMs } from './deadlines.ts';

/** What any caller may read about an error, and when to call again. */
type Problem = { statusCode: number; title: string; detail: string; retryAfterSeconds?: number };

const callerProblems = {
  body_too_large: {
    statusCode: 413,
    title: 'Body too large',
    detail: 'The body may be at most 4,096 bytes, and that of a result 131,072.',
  },
  unsupported_media_type: {
    statusCode: 415,
    title: 'Unsupported media type',
    detail:
      'Send the body as JSON, with the header Content-Type: application/json and without Content-Encoding.',
  },
  malformed_json: {
    statusCode: 422,
    title: 'Malformed JSON',
    detail: 'The body must be one JSON object, such as {"uid": "ABCDE-12345"}.',
  },
  unknown_property: {
    statusCode: 422,
    title: 'Unknown property',
    detail:
      'Besides "uid", the body may have only "integration_id" for a session, or "expires_in" and "language" for a launch link.',
  },
  invalid_uid: {
    statusCode: 422,
    title: 'Invalid uid',
    detail: '"uid" must be a string of 5 to 60 letters, digits and hyphens.',
  },
  integration_mismatch: {
    statusCode: 422,
    title: 'Integration mismatch',
    detail:
      '"integration_id" is not that of this stage. Is the caller configured for the other stage? The property is optional.',
  },
  invalid_expires_in: {
    statusCode: 422,
    title: 'Invalid expires_in',
    detail: '"expires_in" must be a whole number of seconds from 60 to 2592000 (30 days).',
  },
  invalid_language: {
    statusCode: 422,
    title: 'Invalid language',
    detail: '"language" must be a string, such as "es" or "pt-BR".',
  },
  session_in_progress: {
    statusCode: 503,
    title: 'Session in progress',
    detail: 'Another request for this uid is in progress. Try again with the same uid.',
    retryAfterSeconds: 1,
  },
  launch_link_invalid: {
    statusCode: 403,
    title: 'Invalid launch link',
    detail: 'This stage did not make this link, or the link is incomplete.',
  },
  launch_link_expired: {
    statusCode: 410,
    title: 'Launch link expired',
    detail: 'This link has expired. The lender can make a new one.',
  },
  signature_invalid: {
    statusCode: 401,
    title: 'Invalid signature',
    detail: 'No signature of this body verifies with the API key of this stage.',
  },
} satisfies Record<string, Problem>;

const vendorProblems = {
  rejected_by_vendor: {
    statusCode: 422,
    title: 'Rejected by the vendor',
    detail:
      'Begini refused this uid. A uid can be used once; to assess a person again, add a prefix or a suffix.',
  },
  vendor_unreachable: {
    statusCode: 502,
    title: 'Vendor unreachable',
    detail: 'Begini could not be reached. No session was created; try again.',
  },
  vendor_error: {
    statusCode: 502,
    title: 'Vendor error',
    detail: 'Begini answered with an error. Try again.',
  },
  vendor_response_invalid: {
    statusCode: 502,
    title: 'Invalid vendor response',
    detail: "Begini's answer has no usable session. Try again.",
  },
  vendor_connection_lost: {
    statusCode: 502,
    title: 'Connection to the vendor lost',
    detail:
      'The connection broke before Begini answered: a session may or may not have been created. Try again.',
  },
  vendor_timeout: {
    statusCode: 504,
    title: 'Vendor timeout',
    detail: 'Begini did not answer in time: a session may or may not have been created. Try again.',
  },
  vendor_busy: {
    statusCode: 503,
    title: 'Vendor busy',
    detail: 'Begini accepts no more sessions at the moment. Try again after the time in Retry-After.',
    retryAfterSeconds: 30,
  },
} satisfies Record<string, Problem>;

const operatorProblems = {
  credentials_not_set: {
    action: 'The secret holds no usable pair. Store the pair of this stage with the command npm run rotate.',
    statusCode: 503,
    title: 'Service not ready',
    detail: 'This stage has no credentials for Begini yet. Its operator must act.',
    retryAfterSeconds: 60,
  },
  credentials_refused: {
    action:
      'Begini answered 401 or 403. Compare the secret with the Deployment Centre: the key may have been renewed, or belong to another environment or integration; or HMAC is not enabled at Begini.',
    statusCode: 503,
    title: 'Service not ready',
    detail: 'Begini refuses the credentials of this stage. Its operator must act.',
    retryAfterSeconds: refusedMs / 1_000,
  },
  secrets_unavailable: {
    action:
      'Secrets Manager did not return the secret; the reason is its error. Check its health, then the role of this function. If the reason is UnusableLaunchKey, renew the launch key.',
    statusCode: 503,
    title: 'Service not ready',
    detail: 'A secret of this service could not be read. Try again.',
    retryAfterSeconds: 5,
  },
  results_unavailable: {
    action:
      'Amazon SQS did not accept a result; the reason is its error. Check its health, then the queue, its KMS key and the role of this function. Begini sends the result again.',
    statusCode: 503,
    title: 'Results cannot be stored',
    detail: 'The result could not be stored. Send it again.',
    retryAfterSeconds: 5,
  },
  internal_error: {
    action: 'This is a defect of the service. Roll back if it began with a deployment.',
    statusCode: 500,
    title: 'Internal error',
    detail: 'Something went wrong in this service. Its operator must act.',
  },
} satisfies Record<string, Problem & { action: string }>;

/** The code of an error of the service. */
export type ProblemCode =
  | keyof typeof callerProblems
  | keyof typeof vendorProblems
  | keyof typeof operatorProblems;

/** Every error of the service by its code. */
export const problems: Readonly<Record<ProblemCode, Problem> & Record<string, Problem>> = {
  ...callerProblems,
  ...vendorProblems,
  ...operatorProblems,
};

type ErrorOptions = { cause?: unknown; retryAfterSeconds?: number };

/**
 * An error that has its own answer. `message` is the code alone and `detail` one fixed sentence, so that neither can
 * contain a key, a token or a uid.
 */
export abstract class ServiceError extends Error {
  /** Stable, snake case: what callers, logs and tests branch on. */
  readonly code: string;
  readonly statusCode: number;
  readonly title: string;
  readonly detail: string;
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, problem: Problem, { cause, retryAfterSeconds }: ErrorOptions = {}) {
    super(code, { cause });
    this.code = code;
    this.statusCode = problem.statusCode;
    this.title = problem.title;
    this.detail = problem.detail;
    this.retryAfterSeconds = retryAfterSeconds ?? problem.retryAfterSeconds;
  }
}

/** The request is invalid; the caller must fix it. Begini was not called. */
export class CallerError extends ServiceError {
  override readonly name = 'CallerError';
  constructor(code: keyof typeof callerProblems, options?: ErrorOptions) {
    super(code, callerProblems[code], options);
  }
}

/** The vendor, or the connection to it, failed. */
export class VendorError extends ServiceError {
  override readonly name = 'VendorError';
  constructor(code: keyof typeof vendorProblems, options?: ErrorOptions) {
    super(code, vendorProblems[code], options);
  }
}

/** The operator of this stage must act. */
export class OperatorError extends ServiceError {
  override readonly name = 'OperatorError';
  /** What to do, for the log line; never sent to a caller. */
  readonly action: string;
  constructor(code: keyof typeof operatorProblems, options?: ErrorOptions) {
    super(code, operatorProblems[code], options);
    this.action = operatorProblems[code].action;
  }
}

/**
 * The `code` of a system error (`ECONNRESET`), else the `name` of an error (`AccessDeniedException`); empty if `error`
 * has neither. Unlike a message, neither contains what was sent.
 */
export function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : '';
}
