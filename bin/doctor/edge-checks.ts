import type { Authenticate } from './authenticate.ts';
import type { Check, Commands } from './check.ts';
import { expectAnswers } from './expect-answer.ts';

/** Where the stage answers, and what it has. */
export type Edge = {
  baseUrl: string;
  launchLinks: boolean;
  commands: Commands;
  /** Signs with an access key that exists and a wrong secret; absent where loan apps do not sign. */
  signWrongly?: Authenticate;
};

const json = { 'content-type': 'application/json' };
const body = '{"uid":"DOCTOR-00000"}';

/** Well formed, with an access key that does not exist (AWS's own example). */
const unknownKey =
  'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=00';

/** What the stage answers a stranger. None of these calls reaches Begini. */
export function edgeChecks({ baseUrl, launchLinks, commands, signWrongly }: Edge): Check[] {
  const refused = { status: 403, codes: ['forbidden', 'bad_request'], page: true };
  const refusal = (
    name: string,
    request: Parameters<typeof expectAnswers>[0],
    expected = refused,
  ): Check => ({
    group: 'edge',
    name,
    run: () => expectAnswers(request, expected, commands),
  });
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
  const get = (path: string) => (headers: Record<string, string>) => ({
    method: 'GET',
    url: `${baseUrl}${path}`,
    headers,
  });
  const brokenLink = { status: 403, codes: ['launch_link_invalid'], page: true };
  return [
    ...strangers.map(([name, headers]) => refusal(name, (accept) => call({ ...headers, ...accept }))),
    ...(signWrongly
      ? [refusal('a signature with a wrong secret is refused', (accept) => signWrongly(call(accept)))]
      : []),
    refusal('an unknown path is refused', get('/no-such-path')),
    ...(launchLinks ? [refusal('a broken launch link is refused', get('/launch/broken'), brokenLink)] : []),
  ];
}
