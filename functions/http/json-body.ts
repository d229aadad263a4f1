import type { MiddlewareObj } from '@middy/core';
import httpHeaderNormalizer from '@middy/http-header-normalizer';
import httpJsonBodyParser from '@middy/http-json-body-parser';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { CallerError } from '../errors.ts';

/** The longest body of a request, decoded. */
export const largestBodyBytes = 4_096;

/**
 * Middlewares that parse the body: they check its size, then its type, then its JSON. Header names are in lower case
 * afterwards.
 *
 * @throws CallerError `body_too_large`, `unsupported_media_type`, `malformed_json`.
 */
export function jsonBody(): MiddlewareObj<APIGatewayProxyEvent>[] {
  return [{ before: limitSize }, httpHeaderNormalizer(), { before: parse }];
}

function limitSize({ event: { body, isBase64Encoded } }: { event: APIGatewayProxyEvent }): void {
  if (Buffer.byteLength(body ?? '', isBase64Encoded ? 'base64' : 'utf8') > largestBodyBytes) {
    throw new CallerError('body_too_large');
  }
}

const parser = httpJsonBodyParser();

/** The parser's own errors have the raw body as their cause, so they are not passed on. */
function parse(request: Parameters<NonNullable<typeof parser.before>>[0]): void {
  const { headers } = request.event;
  // RFC 9110 §8.3.1 allows spaces before the semicolon, the parser does not.
  const contentType = headers?.['content-type']?.replace(/[ \t]+;/, ';');
  if (headers && contentType !== undefined) headers['content-type'] = contentType;
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
