import type { FunctionName } from '../lambda/bundle.ts';

/** One method on one resource of the API, and the function that answers it. */
export interface Route {
  method: 'GET' | 'HEAD' | 'POST';
  /** Path below the stage; `{token}` is a parameter. */
  resource: string;
  function: FunctionName;
  /** API Gateway authenticates a loan app; Begini signs what it sends, which the function checks. */
  caller: 'loan-app' | 'anyone' | 'vendor';
  /** Whether its answer leads to the assessment. */
  handsOver: boolean;
}

/** Where Begini sends results. */
export const resultsPath = '/webhooks/begini';

/** Every route. A stage has those for which it has the function. */
export const routes = [
  { method: 'POST', resource: '/sessions', function: 'create-session', caller: 'loan-app', handsOver: true },
  {
    method: 'POST',
    resource: '/launch-links',
    function: 'create-launch-link',
    caller: 'loan-app',
    handsOver: false,
  },
  { method: 'GET', resource: '/launch/{token}', function: 'launch', caller: 'anyone', handsOver: false },
  // A REST API routes HEAD only where it is declared.
  { method: 'HEAD', resource: '/launch/{token}', function: 'launch', caller: 'anyone', handsOver: false },
  { method: 'POST', resource: '/launch/{token}', function: 'launch', caller: 'anyone', handsOver: true },
  { method: 'GET', resource: '/return/{ending}', function: 'launch', caller: 'anyone', handsOver: false },
  { method: 'HEAD', resource: '/return/{ending}', function: 'launch', caller: 'anyone', handsOver: false },
  {
    method: 'POST',
    resource: resultsPath,
    function: 'receive-result',
    caller: 'vendor',
    handsOver: false,
  },
] as const satisfies readonly Route[];

/** A function that answers requests. */
export type RoutedFunction = (typeof routes)[number]['function'];

/** Whether a function creates sessions, and so needs the credentials and the table of sessions. */
export function handsOver(name: RoutedFunction): boolean {
  return routes.some((route) => route.function === name && route.handsOver);
}
