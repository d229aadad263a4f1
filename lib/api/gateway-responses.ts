/** One of API Gateway's own answers: given without a call of the function, or instead of the function's answer. */
export interface GatewayResponse {
  /** API Gateway's name for the case, such as `THROTTLED`. */
  type: string;
  /**
   * The status of every such answer. Absent if AWS chooses it: DEFAULT_4XX and DEFAULT_5XX stand for several types, and a
   * status of theirs changes that of all other answers ("Gateway response types", developer guide, read November 2026);
   * a failed integration is answered by one of several statuses.
   */
  statusCode?: number;
  /** Stable and snake case, as in the service's own problems. */
  code: string;
  title: string;
  /** One or two fixed sentences for any caller. */
  detail: string;
  /** Value of the `Retry-After` header; absent if waiting does not help. */
  retryAfterSeconds?: number;
}

const throttleRetrySeconds = 1;
/** A quota is renewed at most once a day; an hour keeps a waiting caller from calling too often. */
const quotaRetrySeconds = 3600;

const forbidden = { statusCode: 403, code: 'forbidden', title: 'Forbidden' };
const tooManyRequests = { statusCode: 429, code: 'too_many_requests', title: 'Too many requests' };
const badRequest = { code: 'bad_request', title: 'Bad request' };
const internalError = {
  code: 'internal_error',
  title: 'Internal error',
  detail: 'The service could not handle the request.',
};

/**
 * Every response type API Gateway documents for a REST API, with the answer it is given.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 */
export const gatewayResponses: readonly GatewayResponse[] = [
  { type: 'ACCESS_DENIED', ...forbidden, detail: 'The caller may not use this service.' },
  { type: 'API_CONFIGURATION_ERROR', statusCode: 500, ...internalError },
  { type: 'AUTHORIZER_CONFIGURATION_ERROR', statusCode: 500, ...internalError },
  { type: 'AUTHORIZER_FAILURE', statusCode: 500, ...internalError },
  { type: 'BAD_REQUEST_BODY', statusCode: 400, ...badRequest, detail: 'The request body is not valid.' },
  {
    type: 'BAD_REQUEST_PARAMETERS',
    statusCode: 400,
    ...badRequest,
    detail: 'The request parameters are not valid.',
  },
  { type: 'DEFAULT_4XX', ...badRequest, detail: 'The request is not valid.' },
  { type: 'DEFAULT_5XX', ...internalError },
  { type: 'EXPIRED_TOKEN', ...forbidden, detail: "The caller's credentials have expired." },
  {
    type: 'INTEGRATION_FAILURE',
    ...internalError,
    detail:
      'The service failed while it handled the request. The outcome is unknown: a session may have been created.',
  },
  {
    type: 'INTEGRATION_TIMEOUT',
    statusCode: 504,
    code: 'gateway_timeout',
    title: 'Gateway timeout',
    detail: 'The service took too long to answer. The outcome is unknown: a session may have been created.',
  },
  { type: 'INVALID_API_KEY', ...forbidden, detail: 'The API key is missing or not valid.' },
  { type: 'INVALID_SIGNATURE', ...forbidden, detail: "The request's signature is not valid." },
  {
    type: 'MISSING_AUTHENTICATION_TOKEN',
    ...forbidden,
    detail: 'There is no such method and path, or the request has no authentication.',
  },
  {
    type: 'QUOTA_EXCEEDED',
    ...tooManyRequests,
    detail: "The caller's quota is used up.",
    retryAfterSeconds: quotaRetrySeconds,
  },
  {
    type: 'REQUEST_TOO_LARGE',
    statusCode: 413,
    code: 'body_too_large',
    title: 'Body too large',
    detail: 'The request body is larger than the service accepts.',
  },
  { type: 'RESOURCE_NOT_FOUND', ...forbidden, detail: 'There is no such method and path.' },
  {
    type: 'THROTTLED',
    ...tooManyRequests,
    detail: 'Requests arrive faster than the service accepts them.',
    retryAfterSeconds: throttleRetrySeconds,
  },
  { type: 'UNAUTHORIZED', ...forbidden, detail: 'The caller could not be authenticated.' },
  {
    type: 'UNSUPPORTED_MEDIA_TYPE',
    statusCode: 415,
    code: 'unsupported_media_type',
    title: 'Unsupported media type',
    detail: 'The content type of the request is not supported.',
  },
  { type: 'WAF_FILTERED', ...forbidden, detail: 'The request was refused by a firewall rule.' },
];

/**
 * The status that the stack sets, if any. Never a 5xx: AWS counts an answer with a modified status as 4XXError ("Amazon
 * API Gateway dimensions and metrics", developer guide, read November 2026), and no alarm would see the failure. Those
 * that have a 5xx here have AWS's own.
 */
export function forcedStatusOf({ statusCode }: GatewayResponse): number | undefined {
  return statusCode !== undefined && statusCode < 500 ? statusCode : undefined;
}

/**
 * The answer as an RFC 9457 problem, the form of every error answer of the service. It has no `status` if the type is used
 * with several.
 * @param requestId the request's id, or `$context.requestId` if the problem is a template
 */
export function gatewayProblem({ code, title, statusCode, detail }: GatewayResponse, requestId: string) {
  return {
    type: `urn:begini-session:${code}`,
    title,
    ...(statusCode !== undefined && { status: statusCode }),
    code,
    instance: requestId,
    detail,
  };
}
