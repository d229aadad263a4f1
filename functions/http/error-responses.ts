import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { OperatorError, ServiceError } from '../errors.ts';
import type { ScopedContext } from './request-log.ts';
import { problem } from './responses.ts';

/** Makes the response for an error; `event` and `context` are what the function was invoked with. */
export type RespondToError = (
  error: ServiceError,
  event: APIGatewayProxyEvent,
  context: ScopedContext,
) => APIGatewayProxyResult;

const respondWithProblem: RespondToError = (error, _event, { requestId }) => problem(error, requestId);

/** A middleware that answers every error, by default as a problem; unexpected errors are `internal_error`. */
export function errorResponses(
  respondToError = respondWithProblem,
): MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult, Error, ScopedContext> {
  return {
    onError: (request) => {
      const thrown = request.error;
      const error =
        thrown instanceof ServiceError ? thrown : new OperatorError('internal_error', { cause: thrown });
      request.error = error;
      const { event, context } = request;
      try {
        request.response = respondToError(error, event, context);
      } catch {
        // What made the request fail, such as a header that is no string, can make its error page fail too.
        request.response = respondWithProblem(error, event, context);
      }
    },
  };
}
