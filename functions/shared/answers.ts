import type { APIGatewayProxyResult } from 'aws-lambda';
import type { ServiceError } from './errors.ts';
import { securityHeaders } from './security-headers.ts';

/** `302`: the browser goes on to `url`. The body is empty. */
export function redirect(url: string, requestId: string): APIGatewayProxyResult {
  return answer(302, requestId, { Location: url });
}

/** `201` with `value` as JSON. */
export function created(value: object, requestId: string): APIGatewayProxyResult {
  return answer(201, requestId, { 'Content-Type': 'application/json' }, JSON.stringify(value));
}

/** An error as RFC 9457 `application/problem+json`, with `code` beside the standard members. */
export function problem(error: ServiceError, requestId: string): APIGatewayProxyResult {
  const { code, statusCode, title, detail, retryAfterSeconds } = error;
  const body = {
    type: `urn:begini-session:${code}`,
    title,
    status: statusCode,
    code,
    instance: requestId,
    detail,
  };
  const headers = {
    'Content-Type': 'application/problem+json',
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
  };
  return answer(statusCode, requestId, headers, JSON.stringify(body));
}

function answer(
  statusCode: number,
  requestId: string,
  headers: Record<string, string>,
  body = '',
): APIGatewayProxyResult {
  return { statusCode, headers: { ...securityHeaders, 'x-request-id': requestId, ...headers }, body };
}
