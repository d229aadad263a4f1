import type { MiddlewareObj, Request } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { deadlineOf } from '../deadlines.ts';
import { OperatorError, reasonOf, ServiceError } from '../errors.ts';
import { writeToStandardOutput } from '../log-line.ts';
import { createScope, type RequestScope } from '../request-scope.ts';
import { version } from '../version.ts';

/** Lambda's context, with the request's scope and the id that its response has. */
export type ScopedContext = Context & { scope: RequestScope; requestId: string };

/** Where log lines go, and which stage they name. */
export type LogOptions = {
  stage: string;
  /** Receives one line of JSON, with its line break. Default: standard output. */
  writeLine?: ((line: string) => void) | undefined;
};

/**
 * A middleware that creates the request's scope, and writes one line of JSON per request. The line goes straight to
 * standard output, so that it is the whole log event and CloudWatch metric filters find its fields.
 */
export function requestLog({
  stage,
  writeLine = writeToStandardOutput,
}: LogOptions): MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult, Error, ScopedContext> {
  const startedAt = new WeakMap<ScopedContext, number>();
  let coldStart = true;

  const write = ({
    event,
    context,
    response,
    error,
  }: Request<APIGatewayProxyEvent, APIGatewayProxyResult, Error, ScopedContext>) => {
    const line = {
      timestamp: new Date().toISOString(),
      level:
        error === null || error === undefined ? 'INFO' : error instanceof OperatorError ? 'ERROR' : 'WARN',
      message: 'request',
      stage,
      version,
      route: [event?.httpMethod, event?.resource].map(textOf).join(' '),
      statusCode: response?.statusCode,
      ...describeError(error),
      durationMs: Date.now() - (startedAt.get(context) ?? Number.NaN),
      requestId: context.requestId,
      lambdaRequestId: context.awsRequestId,
      coldStart,
      ...context.scope.trace,
    };
    coldStart = false;
    writeLine(`${JSON.stringify(line)}\n`);
  };

  return {
    before: ({ event, context }) => {
      startedAt.set(context, Date.now());
      context.requestId = requestIdOf(event, context);
      context.scope = createScope(deadlineOf(event, context));
    },
    after: write,
    onError: write,
  };
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
