import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { withSignature } from '../../../bin/doctor/authenticate.ts';
import { type Contract, contractChecks, handOffCheck } from '../../../bin/doctor/contract-checks.ts';
import { edgeChecks } from '../../../bin/doctor/edge-checks.ts';
import { strangersResultCheck } from '../../../bin/doctor/result-checks.ts';
import { exampleLaunchLink, exampleSession } from '../../../bin/openapi/components.ts';
import { type Listener, readBody, startLoopbackServer } from '../../../bin/stand-ins/loopback.ts';
import { problems } from '../../../functions/errors.ts';
import { page, problemBody } from '../../../functions/http/responses.ts';
import { securityHeaders } from '../../../functions/http/security-headers.ts';
import { gatewayProblem, gatewayResponses } from '../../../lib/api/gateway-responses.ts';
import { examine } from '../../support/examine.ts';
import { startProxy } from '../../support/proxy.ts';

const requestId = 'd4f30c0e-4b0c-4f0a-9a6b-6a5f4f4f2b11';
const headers = { ...securityHeaders, 'x-request-id': requestId, 'content-type': 'application/json' };
const gatewayBody = (wanted: string) => {
  const response = gatewayResponses.find(({ type }) => type === wanted);
  return JSON.stringify(response && gatewayProblem(response, requestId));
};
const forbidden = gatewayBody('ACCESS_DENIED');

const contractAt = (baseUrl: string, change: Partial<Contract> = {}): Contract => ({
  baseUrl,
  launchLinks: false,
  firewall: false,
  resume: true,
  authenticate: async (request) => request,
  ...change,
});

/** What the checks that `choose` makes find of a stage that answers like this. */
async function examineStage(
  listener: Listener,
  choose: (contract: Contract) => ReturnType<typeof edgeChecks>,
  change: Partial<Contract> = {},
) {
  const server = await startLoopbackServer({ listener });
  try {
    return await examine(choose(contractAt(server.origin, change)));
  } finally {
    await server.close();
  }
}

/** The first check of a stranger. */
const firstStranger = (contract: Contract) => edgeChecks(contract).slice(0, 1);
const handOff = (contract: Contract) => [handOffCheck(contract)];
/** Answers every call alike, by default with a refusal as in the contract. */
const answer =
  (status = 403, head: Record<string, string> = headers, body: string | object = forbidden): Listener =>
  async (request, response) => {
    request.resume();
    response.writeHead(status, head).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
/** Refuses in HTML those who ask for one kind of content, and in JSON all others. */
const htmlFor =
  (wanted: string): Listener =>
  (request, response) =>
    answer(403, request.headers.accept === wanted ? { ...headers, 'content-type': 'text/html' } : headers)(
      request,
      response,
    );

test('an answer as in the contract is ok, with headers that API Gateway adds', async () => {
  const added = answer(403, { ...headers, 'x-amzn-errortype': 'AccessDeniedException' });
  expect(await examineStage(added, firstStranger)).toMatchObject([{ status: 'ok', code: 'as_documented' }]);
});

const { 'Referrer-Policy': _policy, ...withoutPolicy } = headers;
const { 'x-request-id': _id, ...withoutId } = headers;
const problem = JSON.parse(forbidden) as object;
test.each<[string, Listener, string]>([
  ['lacks a header', answer(403, withoutPolicy), 'without Accept, the header referrer-policy is missing'],
  [
    'has other words',
    answer(403, headers, { ...problem, detail: 'No.' }),
    'the body is none of the examples',
  ],
  ['lacks a property', answer(403, headers, { ...problem, title: undefined }), "required property 'title'"],
  [
    'has only a code',
    answer(403, headers, { code: 'forbidden', instance: requestId }),
    "required property 'detail'",
  ],
  ['is HTML, although JSON was asked for', htmlFor('application/json'), 'HTML'],
  ['has no request id', answer(403, withoutId), 'x-request-id'],
  ['has an id of another form', answer(403, { ...headers, 'x-request-id': 'Root=1-5' }), 'x-request-id'],
  ['is of another request', answer(403, { ...headers, 'x-request-id': randomUUID() }), 'instance'],
])('a refusal is compared with the OpenAPI document: one that %s is wrong', async (_, listener, found) => {
  expect(await examineStage(listener, firstStranger)).toMatchObject([
    { status: 'wrong', found: expect.stringContaining(found) },
  ]);
});

test('says what to do if a program gets HTML for */*, and not where it leaves Accept out', async () => {
  expect(await examineStage(htmlFor('*/*'), firstStranger)).toMatchObject([
    {
      status: 'to do',
      found: expect.stringMatching(/^with Accept: \*\/\*, an HTML page/),
      next: expect.stringContaining('Accept: application/json'),
    },
  ]);
});

test('a stage that lets more than 10 MB through is wrong, and one that ends the upload is not judged', async () => {
  const upload = (contract: Contract) =>
    contractChecks(contract).filter(({ name }) => name.includes('10 MB'));
  const finish = (listener: Listener) => examineStage(listener, upload, { firewall: true });
  expect(await finish(answer(413))).toMatchObject([{ status: 'ok' }]);
  expect(await finish(answer(403))).toMatchObject([{ status: 'ok' }]);
  expect(await finish(answer(302, {}, ''))).toMatchObject([
    { status: 'wrong', found: 'status 302, not 413 or 403' },
  ]);
  expect(await finish(async (request) => void request.destroy())).toMatchObject([{ status: 'not checked' }]);
});

describe('a hand-off', () => {
  const sessionOf = (call: number) => ({
    ...exampleSession,
    url: `https://app.psychometric.me/secret.token.${call}`,
  });

  test('that gets another session the second time is wrong, and shows none of them', async () => {
    let calls = 0;
    const [finding] = await examineStage((request, response) => {
      calls += 1;
      return answer(201, headers, sessionOf(calls))(request, response);
    }, handOff);
    expect(finding).toMatchObject({ status: 'wrong', code: 'session_not_resumed' });
    expect(JSON.stringify(finding)).not.toContain('secret.token');
  });

  test('is compared with the OpenAPI document, and what differs is named without its value', async () => {
    const broken = { ...sessionOf(1), expires_at: 'secret.soon', token: 'secret.token' };
    const [finding] = await examineStage(answer(201, headers, broken), handOff);
    expect(finding).toMatchObject({ status: 'wrong', found: expect.stringContaining('/expires_at') });
    expect(JSON.stringify(finding)).not.toContain('secret.');
  });

  test('without a code in its error is not looked up in the log: a proxy made it', async () => {
    expect(await examineStage(answer(502, {}, ''), handOff)).toMatchObject([
      { found: 'status 502, not 201', next: expect.stringContaining('proxy') },
    ]);
  });
});

test.each([
  ['a hand-off', handOff],
  [
    "a stranger's event, which the receiver needs it to judge,",
    (edge: Contract) => [strangersResultCheck(edge)],
  ],
])('%s says that the pair was never put in', async (_, checks) => {
  const notSet = problemBody({ code: 'credentials_not_set', ...problems.credentials_not_set }, requestId);
  const problemHeaders = { ...headers, 'content-type': 'application/problem+json' };
  expect(await examineStage(answer(503, problemHeaders, notSet), checks)).toMatchObject([
    { status: 'to do', code: 'credentials_not_set', next: expect.stringContaining('npm run rotate') },
  ]);
});

test("a stranger's event has 20 kB, and names no integration id", async () => {
  const bodies: string[] = [];
  const [found] = await examineStage(
    async (request, response) => {
      bodies.push(String(await readBody(request, 100_000)));
      response.writeHead(403).end();
    },
    (edge) => [strangersResultCheck(edge)],
  );
  expect(found).toMatchObject({ status: 'wrong', code: 'other_answer' });
  expect(bodies[0]?.length).toBeGreaterThan(20_000);
  expect(bodies[0]).not.toContain('integration');
});

test('a launch link whose page is not in the contract is wrong, and the link is not shown', async () => {
  const openLink = (contract: Contract) => contractChecks(contract).slice(-1);
  const [finding] = await examineStage(
    (request, response) => {
      const url = `http://${request.headers.host}/launch/secretOfThisLink`;
      const isMade = request.method === 'POST';
      const link = answer(201, headers, { ...exampleLaunchLink, url });
      return (isMade ? link : answer(200, { 'content-type': 'text/html' }, '<p>'))(request, response);
    },
    openLink,
    { launchLinks: true },
  );
  expect(finding).toMatchObject({
    status: 'wrong',
    found: expect.stringContaining('cache-control is missing'),
  });
  expect(JSON.stringify(finding)).not.toContain('secret');
});

test('a return page that does not open is wrong, also if the others do', async () => {
  const returnPages = (contract: Contract) => edgeChecks(contract).slice(-1);
  const shown = page('<p>', requestId, { headers: { 'Content-Security-Policy': "default-src 'none'" } });
  const examineReturnPages = (broken: string) =>
    examineStage(
      (request, response) => {
        const isBroken = request.url === `/return/${broken}`;
        const opened = answer(200, shown.headers as Record<string, string>, shown.body);
        return (isBroken ? answer() : opened)(request, response);
      },
      returnPages,
      { launchLinks: true },
    );
  expect(await examineReturnPages('none')).toMatchObject([{ status: 'ok' }]);
  for (const ending of ['complete', 'cancelled', 'expired']) {
    expect(await examineReturnPages(ending)).toMatchObject([
      { status: 'wrong', found: 'status 403 forbidden, not 200' },
    ]);
  }
});

test('says which action is missing if a signed call is refused', async () => {
  const signed: (string | undefined)[] = [];
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-to-be-shown' };
  const [finding] = await examineStage(
    (request, response) => {
      signed.push(request.headers.authorization);
      return answer()(request, response);
    },
    contractChecks,
    { action: 'execute-api:Invoke', authenticate: withSignature(credentials, 'eu-central-1') },
  );
  expect(finding).toMatchObject({
    status: 'not checked',
    found: expect.stringContaining('execute-api:Invoke'),
  });
  expect(signed[0]).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request, SignedHeaders=[\w;-]*host[\w;-]*, Signature=[0-9a-f]{64}$/,
  );
  expect(JSON.stringify([finding, signed])).not.toContain('not-to-be-shown');
});

test('says where to look if the call with an API key is refused, or the key was deleted', async () => {
  const change = { action: 'apigateway:GET', resource: 'the API key of the first loan app' };
  const first = (contract: Contract) => contractChecks(contract).slice(0, 1);
  const refused = { status: 'wrong', code: 'caller_refused', next: expect.stringContaining('Usage plans') };
  expect(await examineStage(answer(), first, change)).toMatchObject([refused]);
  const refuseKey = answer(403, headers, gatewayBody('INVALID_API_KEY'));
  expect(await examineStage(refuseKey, first, { ...change, limitsAddresses: true })).toMatchObject([refused]);
  const authenticate = () => Promise.reject(Object.assign(new Error(), { name: 'NotFoundException' }));
  expect(await examineStage(answer(), first, { ...change, authenticate })).toMatchObject([
    { status: 'wrong', found: 'the API key of the first loan app does not exist' },
  ]);
});

test('calls nothing wrong from an address that is not in allowedSourceIps', async () => {
  const checks = (contract: Contract) => [...contractChecks(contract), handOffCheck(contract)];
  const limited = { action: 'apigateway:GET', limitsAddresses: true, launchLinks: true };
  const notAllowed = {
    status: 'not checked',
    code: 'address_not_allowed',
    found: 'this address is not in allowedSourceIps; run the doctor from an address that is',
  };
  expect(await examineStage(answer(), checks, limited)).toMatchObject(Array(7).fill(notAllowed));
});

describe('a stage that throttles', () => {
  /** Throttles the first calls, and then refuses as in the contract. */
  const throttle = (times: number, retryAfter: string): Listener => {
    const throttled = answer(429, { ...headers, 'retry-after': retryAfter }, gatewayBody('THROTTLED'));
    let calls = 0;
    return (request, response) => {
      calls += 1;
      return (calls > times ? answer() : throttled)(request, response);
    };
  };
  const examineThrottled = async (listener: Listener) => {
    const waits: number[] = [];
    const wait = async (delayMs: number) => void waits.push(delayMs);
    const [finding] = await examineStage(listener, firstStranger, { wait });
    return { finding, waits };
  };

  test('is asked again after Retry-After', async () => {
    const { finding, waits } = await examineThrottled(throttle(2, '2'));
    expect(finding?.status).toBe('ok');
    expect(waits).toEqual([2000, 2000]);
  });

  test.each([
    ['all the time', '1', [1000, 1000, 1000]],
    ['for longer than the doctor waits', '3600', []],
    ['until a date', 'Wed, 21 Oct 2026 07:28:00 GMT', []],
  ])('is not called wrong: %s', async (_, retryAfter, expected) => {
    const { finding, waits } = await examineThrottled(throttle(Number.POSITIVE_INFINITY, retryAfter));
    expect(finding).toMatchObject({ status: 'not checked', found: expect.stringContaining('429') });
    expect(waits).toEqual(expected);
  });
});

test('the runbook counts the calls of the doctor that are refused', async () => {
  let refused = 0;
  const checks = (contract: Contract) => [...edgeChecks(contract), ...contractChecks(contract)];
  await examineStage(
    (request, response) => {
      const length = Number(request.headers['content-length']);
      // A stranger, or the firewall.
      const isRefused = !request.headers.authorization?.startsWith('right') || length > 8192;
      if (request.url === '/sessions' && isRefused) refused += 1;
      return answer(isRefused ? 403 : 422)(request, response);
    },
    checks,
    {
      firewall: true,
      authenticate: async (request) => ({
        ...request,
        headers: { ...request.headers, authorization: 'right' },
      }),
      signWrongly: async (request) => request,
    },
  );
  const runbook = readFileSync(join(import.meta.dirname, '../../../.github/RUNBOOK.md'), 'utf8');
  const [, article = ''] = runbook.split('\n## Callers are refused\n');
  expect(/up to (\d+) refusals/.exec(article.split('\n## ')[0] ?? '')?.[1]).toBe(String(refused));
});

test('a deployed stage is called through the proxy of the environment', async () => {
  const proxy = await startProxy();
  const before = { ...process.env };
  process.env.HTTPS_PROXY = proxy.url;
  const url = 'https://abcde12345.execute-api.eu-central-1.amazonaws.com/demo';
  const [finding] = await examine(firstStranger(contractAt(url)));
  process.env = before;
  proxy.close();
  expect(finding?.found).toBe('no usable answer (ERR_PROXY_TUNNEL)');
  expect(finding?.next).toContain('HTTPS_PROXY');
  expect(new Set(proxy.targets)).toEqual(new Set(['abcde12345.execute-api.eu-central-1.amazonaws.com:443']));
});

test('a stage that switches protocols is wrong', async () => {
  const server = createServer((_, response) => {
    response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const [finding] = await examine(firstStranger(contractAt(`http://127.0.0.1:${port}`)));
  server.close();
  expect(finding).toMatchObject({ status: 'wrong', found: 'without Accept, status 101, not 403' });
});
