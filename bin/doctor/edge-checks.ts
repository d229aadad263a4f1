import { endings } from '../../functions/applicant-page/page-content.ts';
import type { Authenticate } from './authenticate.ts';
import { callStage, type Wait } from './call-stage.ts';
import type { Check } from './check.ts';
import { type Expected, expectAnswers, faultOf } from './expect-answer.ts';
import type { Found } from './findings.ts';

/** Where the stage answers, and what it has. */
export type Edge = {
  baseUrl: string;
  launchLinks: boolean;
  /** Signs with an access key that exists and a wrong secret; absent if loan apps do not sign. */
  signWrongly?: Authenticate;
  /** How to wait after a 429; tests do not. */
  wait?: Wait;
};

const json = { 'content-type': 'application/json' };
const body = '{"uid":"DOCTOR-00000"}';

/** Well formed, with an access key that does not exist (AWS's own example). */
const unknownKey =
  'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=00';

/** What the stage answers a stranger. None of these calls reaches Begini. */
export function edgeChecks(edge: Edge): Check[] {
  const { baseUrl, launchLinks, signWrongly, wait } = edge;
  const refused = {
    method: 'POST',
    path: '/sessions',
    statuses: [403],
    codes: ['forbidden', 'bad_request'],
  };
  const refusal = (
    name: string,
    request: Parameters<typeof expectAnswers>[0],
    expected: Expected = refused,
  ): Check => ({ group: 'edge', name, run: () => expectAnswers(request, expected, wait) });
  const strangers: [name: string, headers: Record<string, string>][] = [
    ['a call without authentication is refused', {}],
    ['a garbled Authorization header is refused', { authorization: 'garbled' }],
    ['an unknown access key is refused', { authorization: unknownKey, 'x-amz-date': '20260101T000000Z' }],
  ];
  const call = (headers: Record<string, string>) => ({
    method: 'POST',
    url: `${baseUrl}/sessions`,
    headers: { ...json, ...headers },
    body,
  });
  const refusedGet = (name: string, path: string, codes: readonly string[]) =>
    refusal(name, (headers) => ({ method: 'GET', url: `${baseUrl}${path}`, headers }), {
      ...refused,
      method: 'GET',
      path,
      codes,
    });
  return [
    ...strangers.map(([name, headers]) => refusal(name, (accept) => call({ ...headers, ...accept }))),
    ...(signWrongly
      ? [refusal('a signature with a wrong secret is refused', (accept) => signWrongly(call(accept)))]
      : []),
    refusedGet('an unknown path is refused', '/no-such-path', refused.codes),
    ...(launchLinks
      ? [
          refusedGet('a broken launch link is refused', '/launch/broken', ['launch_link_invalid']),
          { group: 'edge', name: 'the return pages open', run: () => openReturnPages(edge) } as const,
        ]
      : []),
  ];
}

async function openReturnPages({ baseUrl, wait }: Edge): Promise<Found> {
  for (const ending of endings) {
    const path = `/return/${ending}`;
    const request = { method: 'GET', url: `${baseUrl}${path}`, headers: { accept: 'text/html' } };
    const fault = faultOf(await callStage(request, { wait }), { method: 'GET', path, statuses: [200] });
    if (fault) return fault;
  }
  return { code: 'return_pages_open' };
}
