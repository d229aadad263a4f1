import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { OperatorError, ServiceError } from '../errors.ts';
import { requestIdOf } from './request-log.ts';
import { problem } from './responses.ts';

/** Makes the answer for an error; `event` is what the function was invoked with. */
export type RespondToError = (
  error: ServiceError,
  requestId: string,
  event: APIGatewayProxyEvent,
) => APIGatewayProxyResult;

/** A middleware that answers every error, by default as a problem; one that nobody foresaw is `internal_error`. */
export function errorResponses(
  respondToError: RespondToError = problem,
): MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult> {
  return {
    onError: (request) => {
      const thrown = request.error;
      const error =
        thrown instanceof ServiceError ? thrown : new OperatorError('internal_error', { cause: thrown });
      request.error = error;
      request.response = respondToError(error, requestIdOf(request.event, request.context), request.event);
    },
  };
}
