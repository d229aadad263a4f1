import { createHmac } from 'node:crypto';
import type { MiddlewareObj, Request } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { OperatorError, reasonOf, ServiceError } from '../errors.ts';
import type { SessionTrace } from '../session/create-session.ts';

/** What one request gathers for its log line. None of it is a secret or says who the applicant is. */
export type RequestTrace = SessionTrace & {
  /** What a request without an error came to: `session_created`. */
  outcome?: string;
  uidRef?: string;
};

/** Lambda's context with the request's trace in it. */
export type TracedContext = Context & { trace: RequestTrace };

/** Where log lines go, and what they say of their origin. */
export type LogOptions = {
  stage: string;
  /** Receives one line of JSON, with its line break. Default: standard output. */
  writeLine?: ((line: string) => void) | undefined;
};

/**
 * A middleware that writes one line of JSON per request. It is written straight to standard output, so that
 * it is the whole of a log event and CloudWatch metric filters find its fields.
 */
export function requestLog({
  stage,
  writeLine = writeToStandardOutput,
}: LogOptions): MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult, Error, TracedContext> {
  const startedAt = new WeakMap<TracedContext, number>();
  let coldStart = true;

  const write = ({
    event,
    context,
    response,
    error,
  }: Request<APIGatewayProxyEvent, APIGatewayProxyResult, Error, TracedContext>) => {
    const line = {
      timestamp: new Date().toISOString(),
      level:
        error === null || error === undefined ? 'INFO' : error instanceof OperatorError ? 'ERROR' : 'WARN',
      message: 'request',
      stage,
      route: `${event?.httpMethod} ${event?.resource}`,
      statusCode: response?.statusCode,
      ...describeError(error),
      durationMs: Date.now() - (startedAt.get(context) ?? Number.NaN),
      requestId: requestIdOf(event, context),
      lambdaRequestId: context.awsRequestId,
      coldStart,
      ...context.trace,
    };
    coldStart = false;
    writeLine(`${JSON.stringify(line)}\n`);
  };

  return {
    before: ({ context }) => {
      startedAt.set(context, Date.now());
      context.trace = { vendorAttempts: 0, vendorMs: 0, secretReads: 0 };
    },
    after: write,
    onError: write,
  };
}

/** API Gateway's id of the request; Lambda's own where the function was invoked without it. */
export function requestIdOf(event: APIGatewayProxyEvent | undefined, context: Context): string {
  return event?.requestContext?.requestId ?? context.awsRequestId;
}

/** A pseudonym for a uid in log lines: the first 12 hex digits of HMAC-SHA-256 over it. */
export function uidReference(uid: string, uidRefKey: string): string {
  return createHmac('sha256', uidRefKey).update(uid).digest('hex').slice(0, 12);
}

const outcomes: Record<string, string> = {
  CallerError: 'caller_error',
  VendorError: 'vendor_error',
  OperatorError: 'operator_error',
};

function describeError(error: Error | null | undefined): object {
  if (!(error instanceof ServiceError)) return {};
  return {
    outcome: outcomes[error.name],
    code: error.code,
    ...describeCause(error.cause),
    ...(error instanceof OperatorError && { action: error.action }),
  };
}

/** The bare code or name of what was underneath (`ECONNREFUSED`, `AccessDeniedException`): never its message. */
function describeCause(cause: unknown): object {
  const reason = reasonOf(cause);
  return /^\w{1,64}$/.test(reason) ? { reason } : {};
}

/** Writes a log line past `console`, which would wrap it: the line is then the whole of its log event. */
export function writeToStandardOutput(line: string): void {
  process.stdout.write(line);
}
