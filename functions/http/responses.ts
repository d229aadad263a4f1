import type { APIGatewayProxyResult } from 'aws-lambda';
import type { ServiceError } from '../errors.ts';
import { securityHeaders } from './security-headers.ts';

/** `302`: redirects the browser to `url`. The body is empty. */
export function redirect(url: string, requestId: string): APIGatewayProxyResult {
  return answer(302, requestId, { Location: url });
}

/** `value` as JSON, by default with `200`. */
export function json(value: object, requestId: string, statusCode = 200): APIGatewayProxyResult {
  return answer(statusCode, requestId, { 'Content-Type': 'application/json' }, JSON.stringify(value));
}

/** `201` with `value` as JSON. */
export function created(value: object, requestId: string): APIGatewayProxyResult {
  return json(value, requestId, 201);
}

/** An HTML page; `headers` are added to those that every answer has. */
export function page(
  html: string,
  requestId: string,
  { statusCode = 200, headers = {} }: { statusCode?: number; headers?: Record<string, string> } = {},
): APIGatewayProxyResult {
  return answer(statusCode, requestId, { 'Content-Type': 'text/html; charset=utf-8', ...headers }, html);
}

/** An error as RFC 9457 `application/problem+json`. */
export function problem(error: ServiceError, requestId: string): APIGatewayProxyResult {
  const headers = {
    'Content-Type': 'application/problem+json',
    ...retryAfter(error),
  };
  return answer(error.statusCode, requestId, headers, JSON.stringify(problemBody(error, requestId)));
}

/** The body of a problem, with `code` in addition to the members of RFC 9457. */
export function problemBody(
  { code, statusCode, title, detail }: Pick<ServiceError, 'code' | 'statusCode' | 'title' | 'detail'>,
  requestId: string,
) {
  return {
    type: `urn:begini-session:${code}`,
    title,
    status: statusCode,
    code,
    instance: requestId,
    detail,
  };
}

/** The header `Retry-After`, if the error has a time. */
export function retryAfter({ retryAfterSeconds }: ServiceError): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
}

function answer(
  statusCode: number,
  requestId: string,
  headers: Record<string, string>,
  body = '',
): APIGatewayProxyResult {
  return { statusCode, headers: { ...securityHeaders, 'x-request-id': requestId, ...headers }, body };
}
