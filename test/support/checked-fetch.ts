import {
  type Call,
  type Answer as ClientAnswer,
  codeOf,
  differencesOf,
  documentedHeaders,
} from '../../bin/openapi/check-answer.ts';

/** An answer of the service to a call. */
export type Answer = Call & ClientAnswer;

/** Calls the service as `fetch` does, follows no redirect, and throws if the contract does not have the answer. */
export async function checkedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const faults = faultsOf({
    method: init.method ?? 'GET',
    path: new URL(url).pathname.replace(/^\/test(?=\/|$)/, ''),
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.clone().text(),
  });
  if (faults.length > 0) throw new Error(`The contract does not have this answer:\n${faults.join('\n')}`);
  return response;
}

const transportHeaders = ['connection', 'content-length', 'content-type', 'date', 'keep-alive'];

/** The differences between an answer and the OpenAPI document, which must have every header; empty if there are none. */
export function faultsOf(answer: Answer): string[] {
  const { method, path, status, headers } = answer;
  const differences = differencesOf(answer, answer);
  const known = [...transportHeaders, ...documentedHeaders(answer, status)];
  const unknown = Object.keys(headers).filter((name) => !known.includes(name));
  // An answer with an unknown status has no headers in the document.
  const undocumented =
    known.length > transportHeaders.length
      ? unknown.map((name) => `the header ${name} is not documented`)
      : [];
  return [...undocumented, ...differences].map(
    (fault) => `${method} ${path} ${status} ${codeOf(answer) ?? ''}: ${fault}`,
  );
}
