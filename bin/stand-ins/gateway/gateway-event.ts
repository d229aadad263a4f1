import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import type { FoundRoute } from './gateway-routes.ts';

/** What the gateway knows about a request after it has found its route. */
export interface RoutedRequest extends FoundRoute {
  request: IncomingMessage;
  body: Buffer;
  requestId: string;
  /** Epoch milliseconds. */
  receivedAt: number;
  stageName: string;
  /** The caller's API key, on a route that requires one. */
  apiKey: string | null;
}

/**
 * Builds the event of a REST API's Lambda proxy integration (payload format 1.0).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export function gatewayEvent(routed: RoutedRequest): APIGatewayProxyEvent {
  const { request, body, stageName, route, path, pathParameters, requestId, receivedAt } = routed;
  const { method: httpMethod = '', headers, socket } = request;
  const sentHeaders = group(pairsOf(request.rawHeaders));
  const query = group([...new URLSearchParams(queryOf(request))]);
  return {
    resource: route.resource,
    path,
    httpMethod,
    headers: lastOfEach(sentHeaders),
    multiValueHeaders: Object.fromEntries(sentHeaders),
    queryStringParameters: query.size > 0 ? lastOfEach(query) : null,
    multiValueQueryStringParameters: query.size > 0 ? Object.fromEntries(query) : null,
    pathParameters: Object.keys(pathParameters).length > 0 ? pathParameters : null,
    stageVariables: null,
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      authorizer: undefined,
      domainName: headers.host,
      httpMethod,
      identity: {
        ...anonymous,
        apiKey: routed.apiKey,
        sourceIp: socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? null,
      },
      path: `/${stageName}${path}`,
      protocol: `HTTP/${request.httpVersion}`,
      requestId,
      requestTimeEpoch: receivedAt,
      resourceId: 'local',
      resourcePath: route.resource,
      stage: stageName,
    },
    body: body.length > 0 ? body.toString() : null,
    isBase64Encoded: false,
  };
}

/** Builds a Lambda context that times out at `deadline`, in epoch milliseconds. */
export function lambdaContext(awsRequestId: string, deadline: number): Context {
  const unused = () => {};
  return {
    awsRequestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'local',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:local',
    logGroupName: '/aws/lambda/local',
    logStreamName: 'local',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    done: unused,
    fail: unused,
    succeed: unused,
  };
}

const anonymous = {
  accessKey: null,
  accountId: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
};

const queryOf = ({ url = '' }: IncomingMessage): string =>
  url.includes('?') ? url.slice(url.indexOf('?')) : '';

/** Groups `[name, value, name, value]` into pairs. */
export function pairsOf(flat: string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index < flat.length; index += 2) pairs.push([flat[index] ?? '', flat[index + 1] ?? '']);
  return pairs;
}

function group(pairs: [string, string][]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return values;
}

/** If a name comes more than once, API Gateway's single-value maps have its last value. */
function lastOfEach(values: Map<string, string[]>): Record<string, string | undefined> {
  return Object.fromEntries([...values].map(([name, all]) => [name, all.at(-1)]));
}
