import type { MiddlewareObj } from '@middy/core';
import httpHeaderNormalizer from '@middy/http-header-normalizer';
import type { APIGatewayProxyEvent } from 'aws-lambda';

/** The headers that the service reads, and whose value is a list. */
const lists = ['accept', 'accept-language', 'content-encoding'];

/**
 * Middlewares after which header names are in lower case, and a list that came in several lines is one value (RFC 9110
 * §5.3). API Gateway's `headers` has only the last line.
 */
export function requestHeaders(): MiddlewareObj<APIGatewayProxyEvent>[] {
  return [{ before: joinLines }, httpHeaderNormalizer()];
}

function joinLines({ event }: { event: APIGatewayProxyEvent }): void {
  const joined = new Map<string, string>();
  for (const [name, lines] of Object.entries(event.multiValueHeaders ?? {})) {
    const list = name.toLowerCase();
    if (!lists.includes(list) || !Array.isArray(lines)) continue;
    joined.set(list, [joined.get(list) ?? [], lines].flat().join(', '));
  }
  if (joined.size === 0) return;
  const others = Object.entries(event.headers ?? {}).filter(([name]) => !joined.has(name.toLowerCase()));
  event.headers = Object.fromEntries([...others, ...joined]);
}
