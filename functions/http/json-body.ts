import type { MiddlewareObj } from '@middy/core';
import httpJsonBodyParser from '@middy/http-json-body-parser';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { CallerError } from '../errors.ts';
import { requestHeaders } from './request-headers.ts';

/** The longest body of a request, decoded. */
export const largestBodyBytes = 4_096;

/**
 * Middlewares that parse the body: they check its size, then its type, then its JSON. Headers are as after
 * `requestHeaders`.
 *
 * @throws CallerError `body_too_large`, `unsupported_media_type`, `malformed_json`.
 */
export function jsonBody(): MiddlewareObj<APIGatewayProxyEvent>[] {
  return [{ before: limitSize }, ...requestHeaders(), { before: parse }];
}

function limitSize({ event: { body, isBase64Encoded } }: { event: APIGatewayProxyEvent }): void {
  if (Buffer.byteLength(body ?? '', isBase64Encoded ? 'base64' : 'utf8') > largestBodyBytes) {
    throw new CallerError('body_too_large');
  }
}

const parser = httpJsonBodyParser();

/** Compressed bytes arrive changed: API Gateway passes a body on as text. */
function hasNoEncoding(headers: APIGatewayProxyEvent['headers'] | null | undefined): boolean {
  return ['', 'identity'].includes(headers?.['content-encoding']?.trim().toLowerCase() ?? '');
}

/** The parser's own errors have the raw body as their cause, so they are not passed on. */
function parse(request: Parameters<NonNullable<typeof parser.before>>[0]): void {
  const { event } = request;
  if (!hasNoEncoding(event.headers)) throw new CallerError('unsupported_media_type');
  // RFC 9110 §8.3.1 allows spaces before the semicolon, the parser does not.
  const [mediaType] = event.headers?.['content-type']?.split(';', 1) ?? [];
  event.headers = { ...event.headers, 'content-type': mediaType?.trim() };
  if (typeof event.body === 'string') {
    const text = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body;
    event.body = text.replace(/^\ufeff/, ''); // A byte order mark, which editors and .NET write.
    event.isBase64Encoded = false;
  }
  try {
    parser.before?.(request);
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    throw new CallerError(statusCode === 415 ? 'unsupported_media_type' : 'malformed_json');
  }
}

/**
 * The properties of a parsed body that is one JSON object and has only `allowed` properties.
 *
 * @throws CallerError `malformed_json`, `unknown_property`.
 */
export function readProperties<Name extends string>(
  body: unknown,
  allowed: readonly Name[],
): Partial<Record<Name, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new CallerError('malformed_json');
  if (Object.keys(body).some((name) => !allowed.some((known) => known === name))) {
    throw new CallerError('unknown_property');
  }
  return body;
}
