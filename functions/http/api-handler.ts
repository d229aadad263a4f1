import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { OperatorError } from '../errors.ts';
import type { LogOptions } from '../log-line.ts';
import { errorResponses, type RespondToError } from './error-responses.ts';
import { requestLog, type ScopedContext } from './request-log.ts';
import { problem } from './responses.ts';

/** A function for a REST API's Lambda proxy integration (payload format 1.0). It never rejects. */
export type ApiHandler = (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;

/** Where log lines go, and what differs from the usual function. */
export type ApiHandlerOptions = LogOptions & {
  /** By default as a problem. */
  respondToError?: RespondToError;
  /** From API Gateway's receipt to the answer; by default 14 s. */
  timeoutMs?: number;
};

/** Wraps `handle` with what every function has: one log line per request, a response for every error. */
export function apiHandler(
  { respondToError, timeoutMs, ...log }: ApiHandlerOptions,
  middlewares: MiddlewareObj<APIGatewayProxyEvent>[],
  handle: (event: APIGatewayProxyEvent, context: ScopedContext) => Promise<APIGatewayProxyResult>,
): ApiHandler {
  const handler = middy<APIGatewayProxyEvent, APIGatewayProxyResult, Error, ScopedContext>({
    // The service has its own deadlines, each shorter than Lambda's.
    timeoutEarlyInMillis: 0,
  })
    .use(requestLog(log, timeoutMs))
    .use(errorResponses(respondToError))
    .use(middlewares)
    .handler(handle);
  return async (event, context) => {
    try {
      // The request log, the first middleware, adds the other fields of ScopedContext.
      return await handler(event, context as ScopedContext);
    } catch {
      // A failure of the middlewares themselves: Lambda would print the error and the values in it.
      return problem(new OperatorError('internal_error'), context.awsRequestId);
    }
  };
}
