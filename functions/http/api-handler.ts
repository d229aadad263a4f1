import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { errorResponses, type RespondToError } from './error-responses.ts';
import { type LogOptions, requestLog, type TracedContext } from './request-log.ts';

/** A function behind a REST API's Lambda proxy integration (payload format 1.0). It never rejects. */
export type ApiHandler = (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;

/** Where log lines go, and how an error is answered: by default as a problem. */
export type ApiHandlerOptions = LogOptions & { respondToError?: RespondToError };

/** Puts `handle` behind what every function has: one log line per request, an answer for every error. */
export function apiHandler(
  { respondToError, ...log }: ApiHandlerOptions,
  middlewares: MiddlewareObj<APIGatewayProxyEvent>[],
  handle: (event: APIGatewayProxyEvent, context: TracedContext) => Promise<APIGatewayProxyResult>,
): ApiHandler {
  const handler = middy<APIGatewayProxyEvent, APIGatewayProxyResult, Error, TracedContext>({
    // The service has deadlines of its own, each shorter than Lambda's.
    timeoutEarlyInMillis: 0,
  })
    .use(requestLog(log))
    .use(errorResponses(respondToError))
    .use(middlewares)
    .handler(handle);
  // The request log, first of all, puts the trace into the context.
  return (event, context) => handler(event, context as TracedContext);
}
