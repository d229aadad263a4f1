import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { type RoutedFunction, routes } from '../../../lib/api/routes.ts';

/** A declared method on a resource, and the function behind it. */
export interface Route {
  method: string;
  /** A path below the stage; its segments may be parameters: `/launch/{token}`. */
  resource: string;
  /** Its result is checked, as API Gateway does. */
  handler: (event: APIGatewayProxyEvent, context: Context) => Promise<unknown>;
  authorization: Authorization;
}

/** How API Gateway authenticates the caller of a method. */
export type Authorization = 'iam' | 'api-key' | 'none';

/** The route of a request. */
export interface FoundRoute {
  route: Route;
  /** Path below the stage, as it was sent. */
  path: string;
  pathParameters: Record<string, string>;
}

/**
 * The service's routes as the stack declares them, each with the handler of its function.
 * @param callerAuth how a loan app authenticates
 */
export function declareRoutes(
  handlerOf: (name: RoutedFunction) => Route['handler'],
  callerAuth: Authorization,
): Route[] {
  return routes.map(({ method, resource, function: name, caller }) => ({
    method,
    resource,
    handler: handlerOf(name),
    authorization: caller === 'loan-app' ? callerAuth : 'none',
  }));
}

/** The route that a request belongs to; `undefined` for a method or path that is not declared. */
export function findRoute(
  declared: readonly Route[],
  stageName: string,
  request: IncomingMessage,
): FoundRoute | undefined {
  const whole = pathOf(request);
  if (!whole.startsWith(`/${stageName}/`)) return undefined;
  const path = whole.slice(stageName.length + 1);
  for (const route of declared) {
    const pathParameters = route.method === request.method ? matchResource(route.resource, path) : undefined;
    if (pathParameters) return { route, path, pathParameters };
  }
  return undefined;
}

/** Whether a request is for this stage; `/test` itself is, as the root of the stage. */
export function isBelowStage(stageName: string, request: IncomingMessage): boolean {
  return `${pathOf(request)}/`.startsWith(`/${stageName}/`);
}

/** The path of a request, without its query. */
export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

/**
 * The path's parameters; `undefined` if the path does not match. As in a REST API, parameters stay percent-encoded as
 * they were sent (serverless/serverless issue #5037, aws/aws-sam-cli #771), and a slash at the end of the path makes no
 * difference (floci-io/floci #1557; each read November 2026).
 */
function matchResource(resource: string, path: string): Record<string, string> | undefined {
  const names = resource.split('/');
  const segments = path.replace(/\/$/, '').split('/');
  if (names.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const segment = segments[index] ?? '';
    const parameter = /^\{(\w+)\}$/.exec(name)?.[1];
    if (parameter === undefined ? name !== segment : segment === '') return undefined;
    if (parameter !== undefined) parameters[parameter] = segment;
  }
  return parameters;
}
