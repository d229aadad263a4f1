import { endings } from '../../functions/applicant-page/page-content.ts';
import type { Call } from '../openapi/check-answer.ts';
import type { Authenticate } from './authenticate.ts';
import type { Wait } from './call-stage.ts';
import type { Check } from './check.ts';
import { expectAnswers, openPage, type Prepare } from './expect-answer.ts';
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

/** Well formed, with an access key that does not exist (AWS's own example). */
const unknownKey =
  'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=00';

/** What the stage answers a stranger. None of these calls reaches Begini. */
export function edgeChecks(edge: Edge): Check[] {
  const { baseUrl, launchLinks, signWrongly, wait } = edge;
  const refusal = (
    name: string,
    request: Prepare,
    call: Call,
    codes = ['forbidden', 'bad_request'],
  ): Check => ({
    group: 'edge',
    name,
    run: () => expectAnswers(request, { ...call, statuses: [403], codes }, wait),
  });
  const post = (headers: Record<string, string>) => ({
    method: 'POST',
    url: `${baseUrl}/sessions`,
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"uid":"DOCTOR-00000"}',
  });
  const refusedPost = (name: string, request: Prepare) =>
    refusal(name, request, { method: 'POST', path: '/sessions' });
  const refusedGet = (name: string, path: string, codes?: string[]) => {
    const call = { method: 'GET', path };
    return refusal(name, (headers) => ({ method: 'GET', url: `${baseUrl}${path}`, headers }), call, codes);
  };
  const garbled = { authorization: 'garbled' };
  const unknown = { authorization: unknownKey, 'x-amz-date': '20260101T000000Z' };
  return [
    refusedPost('a call without authentication is refused', post),
    refusedPost('a garbled Authorization header is refused', (accept) => post({ ...garbled, ...accept })),
    refusedPost('an unknown access key is refused', (accept) => post({ ...unknown, ...accept })),
    ...(signWrongly
      ? [refusedPost('a signature with a wrong secret is refused', (accept) => signWrongly(post(accept)))]
      : []),
    refusedGet('an unknown path is refused', '/no-such-path'),
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
    const fault = await openPage(`${baseUrl}${path}`, path, wait);
    if (fault) return fault;
  }
  return { code: 'return_pages_open' };
}
