import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { withSignature } from '../../../bin/doctor/authenticate.ts';
import { callStage } from '../../../bin/doctor/call-stage.ts';
import { type Contract, contractChecks, handOffCheck } from '../../../bin/doctor/contract-checks.ts';
import { edgeChecks } from '../../../bin/doctor/edge-checks.ts';
import { exampleLaunchLink, exampleSession } from '../../../bin/openapi/components.ts';
import { type Listener, startLoopbackServer } from '../../../bin/stand-ins/loopback.ts';
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
const strangerAt = async (listener: Listener) => (await examineStage(listener, firstStranger))[0];

test('an answer as in the contract is ok, with headers that API Gateway adds', async () => {
  const finding = await strangerAt(async (_, response) => {
    response.writeHead(403, { ...headers, 'x-amzn-errortype': 'AccessDeniedException' }).end(forbidden);
  });
  expect(finding).toMatchObject({ status: 'ok', code: 'as_documented' });
});

test('names a header that is missing', async () => {
  const { 'Referrer-Policy': _, ...others } = headers;
  const finding = await strangerAt(async (_request, response) => {
    response.writeHead(403, others).end(forbidden);
  });
  expect(finding).toMatchObject({
    status: 'wrong',
    found: 'without Accept, the header referrer-policy is missing',
  });
});

test.each([
  ['has other words', { ...JSON.parse(forbidden), detail: 'Go away.' }, 'the body is none of the examples'],
  ['lacks a property', { ...JSON.parse(forbidden), title: undefined }, "required property 'title'"],
  ['has only a code', { code: 'forbidden', instance: requestId }, "required property 'detail'"],
])('compares a problem with the OpenAPI document: one that %s is wrong', async (_, body, part) => {
  const finding = await strangerAt(async (_request, response) => {
    response.writeHead(403, headers).end(JSON.stringify(body));
  });
  expect(finding).toMatchObject({ status: 'wrong', found: expect.stringContaining(part) });
});

test('says what to do if a program gets HTML for */*', async () => {
  const finding = await strangerAt(async ({ headers: { accept } }, response) => {
    const isHtml = accept === '*/*';
    response.writeHead(403, isHtml ? { ...headers, 'content-type': 'text/html' } : headers).end(forbidden);
  });
  expect(finding).toMatchObject({
    status: 'to do',
    next: expect.stringContaining('Accept: application/json'),
  });
});

test('HTML for application/json is wrong', async () => {
  const finding = await strangerAt(async ({ headers: { accept } }, response) => {
    const isHtml = accept === 'application/json';
    response.writeHead(403, isHtml ? { ...headers, 'content-type': 'text/html' } : headers).end(forbidden);
  });
  expect(finding).toMatchObject({ status: 'wrong', found: expect.stringContaining('HTML') });
});

test.each([
  ['is not there', {}, 'x-request-id'],
  ['has another form', { 'x-request-id': 'Root=1-5759e988' }, 'x-request-id'],
  ['is not the problem’s', { 'x-request-id': requestId.replace('d', 'e') }, 'instance'],
])('finds a request id that %s', async (_, change, part) => {
  const { 'x-request-id': _honest, ...others } = headers;
  const finding = await strangerAt(async (_request, response) => {
    response.writeHead(403, { ...others, ...change }).end(forbidden);
  });
  expect(finding).toMatchObject({ status: 'wrong', found: expect.stringContaining(part) });
});

test('a stage that lets more than 10 MB through is wrong, and one that ends the upload is not judged', async () => {
  const upload = (contract: Contract) =>
    contractChecks(contract).filter(({ name }) => name.includes('10 MB'));
  const finish = (listener: Listener) => examineStage(listener, upload, { firewall: true });
  const answering = (status: number) =>
    finish(async (request, response) => {
      request.resume();
      response.writeHead(status).end();
    });
  expect(await answering(413)).toMatchObject([{ status: 'ok' }]);
  expect(await answering(403)).toMatchObject([{ status: 'ok' }]);
  expect(await answering(302)).toMatchObject([{ status: 'wrong', found: 'status 302, not 413 or 403' }]);
  expect(await finish(async (request) => void request.destroy())).toMatchObject([{ status: 'not checked' }]);
});

test('finds a proxy that rewrites answers', async () => {
  const finding = await strangerAt(async (_, response) => {
    response.writeHead(407).end('<html>');
  });
  expect(finding).toMatchObject({ status: 'wrong', found: expect.stringContaining('status 407') });
});

describe('a hand-off', () => {
  const answerWith = (status: number, body: (call: number) => object): Listener => {
    let calls = 0;
    return async (_, response) => {
      calls += 1;
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      response.writeHead(status, { ...headers, 'content-type': type }).end(JSON.stringify(body(calls)));
    };
  };
  const sessionOf = (call: number) => ({
    ...exampleSession,
    url: `https://app.psychometric.me/secret.token.${call}`,
  });

  test('that gets another session the second time is wrong, and shows none of them', async () => {
    const [finding] = await examineStage(answerWith(201, sessionOf), handOff);
    expect(finding).toMatchObject({ status: 'wrong', code: 'session_not_resumed' });
    expect(JSON.stringify(finding)).not.toContain('secret.token');
  });

  test('is compared with the OpenAPI document, and what differs is named without its value', async () => {
    const broken = () => ({ ...sessionOf(1), expires_at: 'secret.soon', token: 'secret.token' });
    const [finding] = await examineStage(answerWith(201, broken), handOff);
    expect(finding).toMatchObject({ status: 'wrong', found: expect.stringContaining('/expires_at') });
    expect(JSON.stringify(finding)).not.toContain('secret.');
  });

  test('says that the pair was never put in', async () => {
    const notSet = () =>
      problemBody({ code: 'credentials_not_set', ...problems.credentials_not_set }, requestId);
    const [finding] = await examineStage(answerWith(503, notSet), handOff);
    expect(finding).toMatchObject({ status: 'to do', next: expect.stringContaining('npm run rotate') });
  });
});

test('an error without a code is not looked up in the log: a proxy made it', async () => {
  const [finding] = await examineStage(async (_, response) => void response.writeHead(502).end(), handOff);
  expect(finding).toMatchObject({ found: 'status 502, not 201', next: expect.stringContaining('proxy') });
});

test('a launch link whose page is not in the contract is wrong, and the link is not shown', async () => {
  const openLink = (contract: Contract) => contractChecks(contract).slice(-1);
  let origin = '';
  const [finding] = await examineStage(
    async ({ method, headers: { host } }, response) => {
      origin = `http://${host}`;
      const link = { ...exampleLaunchLink, url: `${origin}/launch/secretOfThisLink` };
      if (method === 'POST') response.writeHead(201, headers).end(JSON.stringify(link));
      else response.writeHead(200, { 'content-type': 'text/html' }).end('<p>');
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
      async ({ url }, response) => {
        if (url === `/return/${broken}`) response.writeHead(403, headers).end(forbidden);
        else response.writeHead(200, shown.headers as Record<string, string>).end(shown.body);
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

test('a URL that does not answer is wrong, without a stack trace', async () => {
  const findings = await examine(contractChecks(contractAt('http://127.0.0.1:1')));
  const statuses = ['wrong', 'wrong', 'wrong', 'wrong', 'not checked'];
  expect(findings.map(({ status }) => status)).toEqual(statuses);
  expect(findings[0]?.found).toBe('no usable answer (ECONNREFUSED)');
});

test('says which action is missing if a signed call is refused', async () => {
  const signed: (string | undefined)[] = [];
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-to-be-shown' };
  const [finding] = await examineStage(
    async (request, response) => {
      signed.push(request.headers.authorization);
      response.writeHead(403, headers).end(forbidden);
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
  const refuse: Listener = async (_, response) => {
    response.writeHead(403, headers).end(forbidden);
  };
  const first = (contract: Contract) => contractChecks(contract).slice(0, 1);
  const refused = { status: 'wrong', code: 'caller_refused', next: expect.stringContaining('Usage plans') };
  expect(await examineStage(refuse, first, change)).toMatchObject([refused]);
  const refuseKey: Listener = async (_, response) => {
    response.writeHead(403, headers).end(gatewayBody('INVALID_API_KEY'));
  };
  expect(await examineStage(refuseKey, first, { ...change, limitsAddresses: true })).toMatchObject([refused]);
  const authenticate = () => Promise.reject(Object.assign(new Error(), { name: 'NotFoundException' }));
  expect(await examineStage(refuse, first, { ...change, authenticate })).toMatchObject([
    { status: 'wrong', found: 'the API key of the first loan app does not exist' },
  ]);
});

test('calls nothing wrong from an address that is not in allowedSourceIps', async () => {
  const checks = (contract: Contract) => [...contractChecks(contract), handOffCheck(contract)];
  const findings = await examineStage(
    async (request, response) => {
      request.resume();
      response.writeHead(403, headers).end(forbidden);
    },
    checks,
    { action: 'apigateway:GET', limitsAddresses: true, launchLinks: true },
  );
  expect(findings).toHaveLength(7);
  for (const finding of findings) {
    expect(finding).toMatchObject({
      status: 'not checked',
      code: 'address_not_allowed',
      found: 'this address is not in allowedSourceIps; run the doctor from an address that is',
    });
  }
});

describe('a stage that throttles', () => {
  /** Throttles the first calls, and then refuses as in the contract. */
  const throttle = (times: number, retryAfter: string): Listener => {
    let calls = 0;
    return async (_, response) => {
      calls += 1;
      if (calls > times) response.writeHead(403, headers).end(forbidden);
      else response.writeHead(429, { ...headers, 'retry-after': retryAfter }).end(gatewayBody('THROTTLED'));
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
    async (request, response) => {
      request.resume();
      const length = Number(request.headers['content-length']);
      // A stranger, or the firewall.
      const isRefused = !request.headers.authorization?.startsWith('right') || length > 8192;
      if (request.url === '/sessions' && isRefused) refused += 1;
      response.writeHead(isRefused ? 403 : 422, headers).end(forbidden);
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

test('leaves the header Accept out if none is given', async () => {
  const seen: (string | undefined)[] = [];
  const server = await startLoopbackServer({
    listener: async (request, response) => {
      seen.push(request.headers.accept);
      response.end();
    },
  });
  await callStage({ method: 'GET', url: server.origin, headers: {} });
  await server.close();
  expect(seen).toEqual([undefined]);
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
