import type { MiddlewareObj, Request } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { deadlineOf } from '../deadlines.ts';
import { OperatorError, reasonOf, ServiceError } from '../errors.ts';
import { type LogFields, type LogOptions, writeLogLine } from '../log-line.ts';
import { createScope, type RequestScope } from '../request-scope.ts';

/** Lambda's context, with what belongs to the request. */
export type ScopedContext = Context & {
  scope: RequestScope;
  /** The id that the response has. */
  requestId: string;
  /** Epoch milliseconds. */
  startedAt: number;
  /** The language of the link that was opened, for an error page later in the same request. */
  linkLanguage?: string | undefined;
};

/**
 * A middleware that creates the request's scope, and writes one log line per request.
 * @param timeoutMs from API Gateway's receipt to the answer; by default 14 s
 */
export function requestLog(
  options: LogOptions,
  timeoutMs?: number,
): MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult, Error, ScopedContext> {
  let coldStart = true;

  const write = ({
    event,
    context,
    response,
    error,
  }: Request<APIGatewayProxyEvent, APIGatewayProxyResult, Error, ScopedContext>) => {
    const fields = {
      route: [event?.httpMethod, event?.resource].map(textOf).join(' '),
      statusCode: response?.statusCode,
      ...describeError(error),
      durationMs: Date.now() - context.startedAt,
      requestId: context.requestId,
      lambdaRequestId: context.awsRequestId,
      coldStart,
      ...context.scope.trace,
    };
    coldStart = false;
    writeLogLine(options, { level: levelOf(error), message: 'request', ...fields });
  };

  return {
    before: ({ event, context }) => {
      context.startedAt = Date.now();
      context.requestId = requestIdOf(event, context);
      context.scope = createScope(deadlineOf(event, context, coldStart, timeoutMs));
    },
    after: write,
    onError: write,
  };
}

function levelOf(error: Error | null | undefined): LogFields['level'] {
  if (error === null || error === undefined) return 'INFO';
  return error instanceof OperatorError ? 'ERROR' : 'WARN';
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '-');

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * API Gateway's id of the request if it is a UUID, else Lambda's. A caller can choose the former by sending
 * `x-amzn-RequestId` ("$context variables", API Gateway developer guide, read November 2026), and it goes into headers,
 * pages and log lines.
 */
function requestIdOf(event: APIGatewayProxyEvent | undefined, { awsRequestId }: Context): string {
  const requestId: unknown = event?.requestContext?.requestId;
  return typeof requestId === 'string' && uuid.test(requestId) ? requestId : awsRequestId;
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

/** The code or name of the cause (`ECONNREFUSED`, `AccessDeniedException`): never its message. */
function describeCause(cause: unknown): object {
  const reason = reasonOf(cause);
  return /^\w{1,64}$/.test(reason) ? { reason } : {};
}
