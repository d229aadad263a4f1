import type { Check } from './check.ts';
import { expectAnswers } from './expect-answer.ts';

/** Where the stage answers, and what it has. */
export type Edge = { baseUrl: string; launchLinks: boolean };

const json = { 'content-type': 'application/json' };
const body = '{"uid":"DOCTOR-00000"}';

/** Well formed, with an access key that does not exist (AWS's own example). */
const unknownKey =
  'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=00';

/** What the stage answers a stranger. None of these calls reaches Begini. */
export function edgeChecks({ baseUrl, launchLinks }: Edge): Check[] {
  const url = `${baseUrl}/sessions`;
  const refused = { status: 403, codes: ['forbidden', 'bad_request'], page: true };
  const strangers: [name: string, headers: Record<string, string>][] = [
    ['a call without authentication is refused', {}],
    ['a garbled Authorization header is refused', { authorization: 'garbled' }],
    ['an unknown access key is refused', { authorization: unknownKey, 'x-amz-date': '20260101T000000Z' }],
  ];
  return [
    ...strangers.map(([name, headers]) => ({
      group: 'edge' as const,
      name,
      run: () =>
        expectAnswers(
          (accept) => ({ method: 'POST', url, headers: { ...json, ...headers, ...accept }, body }),
          refused,
        ),
    })),
    {
      group: 'edge',
      name: 'an unknown path is refused',
      run: () =>
        expectAnswers((headers) => ({ method: 'GET', url: `${baseUrl}/no-such-path`, headers }), refused),
    },
    ...(launchLinks ? [brokenLink(baseUrl)] : []),
  ];
}

function brokenLink(baseUrl: string): Check {
  return {
    group: 'edge',
    name: 'a broken launch link is refused',
    run: () =>
      expectAnswers((headers) => ({ method: 'GET', url: `${baseUrl}/launch/broken`, headers }), {
        status: 403,
        codes: ['launch_link_invalid'],
        page: true,
      }),
  };
}
