import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { problem } from './answers.ts';
import { OperatorError, ServiceError } from './errors.ts';
import { requestIdOf } from './request-log.ts';

/** A middleware that answers every error as a problem; one that nobody foresaw is `internal_error`. */
export function problemAnswers(): MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult> {
  return {
    onError: (request) => {
      const thrown = request.error;
      const error =
        thrown instanceof ServiceError ? thrown : new OperatorError('internal_error', { cause: thrown });
      request.error = error;
      request.response = problem(error, requestIdOf(request.event, request.context));
    },
  };
}
