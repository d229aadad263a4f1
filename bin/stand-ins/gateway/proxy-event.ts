import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';

/** The request id of every such event. */
export const gatewayRequestId = 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef';

/** What API Gateway hands to a function for `POST /sessions`, with the fields that the service reads. */
export function proxyEvent(body: unknown, changes: Partial<APIGatewayProxyEvent> = {}): APIGatewayProxyEvent {
  return {
    httpMethod: 'POST',
    resource: '/sessions',
    path: '/sessions',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: { requestId: gatewayRequestId, requestTimeEpoch: Date.now() },
    ...changes,
  } as APIGatewayProxyEvent;
}

/** The code of a problem, or undefined if the answer is not a problem. */
export function codeOf({ body }: APIGatewayProxyResult): string | undefined {
  return body === '' ? undefined : (JSON.parse(body) as { code?: string }).code;
}
