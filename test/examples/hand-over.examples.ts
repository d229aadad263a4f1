import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { demoPage } from '../../bin/local/demo-page.ts';
import { type LocalService, startLocalService } from '../../bin/local/local-service.ts';
import { type Fault, faultHelp } from '../../bin/stand-ins/begini/begini-faults.ts';
import { simulatedCredentials } from '../../bin/stand-ins/begini/begini-simulator.ts';
import { localApiKey } from '../../bin/stand-ins/local-stage.ts';
import { problems } from '../../functions/errors.ts';
import { gatewayPage } from '../../lib/api/gateway-page.ts';
import { gatewayResponses } from '../../lib/api/gateway-responses.ts';
import {
  type Caller,
  examples,
  type HandOver,
  type Language,
  runExample,
  type Scripted,
  type ScriptedService,
  startScriptedService,
} from './run-example.ts';

// Needs python3 with botocore, and curl.

const languages = Object.keys(examples) as Language[];
const assessmentUrl = 'https://app.psychometric.me/eyJhbGciOi.eyJ1aWQiOi.c2lnbmF0dXJl';
const secrets = [
  ...[localApiKey, 'eyJ', simulatedCredentials.apiKey],
  ...['Traceback', '.mjs:', 'psychometric', 'Warning'],
];

/** No trace, no token, and no secret of the caller. */
function expectQuiet({ output }: HandOver, caller: Caller): void {
  const { AWS_SECRET_ACCESS_KEY: secret = 'eyJ', AWS_SESSION_TOKEN: token = 'eyJ' } = caller;
  for (const each of [...secrets, secret, token]) expect(output).not.toContain(each);
}

/** What a fault comes to: the outcome, and how often the service and the vendor are called for one applicant. */
type Expected = {
  outcome: 'handed over' | RegExp;
  calls: number;
  vendorCalls: readonly [least: number, most: number];
};

const handedOver: Expected = { outcome: 'handed over', calls: 1, vendorCalls: [1, 1] };
const failure = (code: string, calls: number, vendorCalls: [number, number] = [calls, calls]): Expected => ({
  outcome: new RegExp(`failed: (422|50[234]) ${code} `),
  calls,
  vendorCalls,
});

const faults: [Fault, Expected][] = [
  [{ fault: 'none' }, handedOver],
  [{ fault: 'refuse-second' }, handedOver],
  [{ fault: 'same-token' }, handedOver],
  [{ fault: 'slow', delayMs: 300 }, handedOver],
  [{ fault: 'encoded', encoding: 'gzip' }, handedOver],
  [{ fault: 'hang' }, failure('vendor_timeout', 2)],
  // A kept connection that is reset at once counts as one that was dead before.
  [{ fault: 'reset' }, failure('vendor_connection_lost', 2, [2, 4])],
  [{ fault: 'close-mid-body' }, failure('vendor_connection_lost', 2)],
  [{ fault: 'not-http' }, failure('vendor_response_invalid', 2)],
  [{ fault: 'invalid-json' }, failure('vendor_response_invalid', 2)],
  [{ fault: 'oversized' }, failure('vendor_response_invalid', 2)],
  [{ fault: 'raw-answer', body: { access_token: 'no token' } }, failure('vendor_response_invalid', 2)],
  [{ fault: 'redirect', location: 'https://elsewhere.example/' }, failure('vendor_error', 2)],
  [{ fault: 'status', status: 500 }, failure('vendor_error', 2)],
  [{ fault: 'status', status: 422 }, failure('rejected_by_vendor', 1)],
  // What one request learns, the others need not ask.
  [{ fault: 'status', status: 401 }, failure('credentials_refused', 1, [0, 1])],
  [{ fault: 'status', status: 403 }, failure('credentials_refused', 1, [0, 1])],
  [{ fault: 'status', status: 429, retryAfter: 1 }, failure('vendor_busy', 3)],
  [{ fault: 'status', status: 429, retryAfter: 11 }, failure('vendor_busy', 1)],
];

test('every fault of the simulator is played', () => {
  expect(new Set(faults.map(([{ fault }]) => fault))).toEqual(new Set(Object.keys(faultHelp)));
});

/** A service of its own for each test: what one fault leaves in memory must not meet the next. */
async function withService(
  callerAuth: 'api-key' | 'iam',
  run: (service: LocalService, caller: Caller, calls: () => number) => Promise<void>,
): Promise<void> {
  let calls = 0;
  const onRequest = () => {
    calls += 1;
  };
  const service = await startLocalService(0, { callerAuth, onRequest });
  const { credentials, gateway } = service;
  const authentication: Record<string, string> = credentials
    ? {
        AWS_REGION: credentials.region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_SESSION_TOKEN: credentials.sessionToken,
      }
    : { API_KEY: localApiKey };
  try {
    await run(service, { SESSIONS_URL: `${gateway.url}/sessions`, ...authentication }, () => calls);
  } finally {
    await service.close();
  }
}

describe.each(['api-key', 'iam'] as const)('with %s', (callerAuth) => {
  test.each(faults)('every language copes with %j', async (fault, { outcome, calls, vendorCalls }) => {
    await withService(callerAuth, async (service, caller, callsSoFar) => {
      service.vendor.setFault(fault);
      const results = await Promise.all(
        languages.map(async (language) => {
          const uid = randomUUID();
          const result = await runExample(language, caller, uid);
          const calledVendor = service.vendor.requests.filter(({ rawBody }) => rawBody.includes(uid)).length;
          return { ...result, language, calledVendor };
        }),
      );
      const [least, most] = vendorCalls;
      for (const result of results) {
        const { language, url, output, calledVendor } = result;
        expectQuiet(result, caller);
        if (outcome === 'handed over') expect(url).toMatch(new RegExp(`^${service.vendor.origin}/eyJ`));
        else expect([language, output, url]).toEqual([language, expect.stringMatching(outcome), undefined]);
        expect(calledVendor).toBeGreaterThanOrEqual(least);
        expect(calledVendor).toBeLessThanOrEqual(most);
      }
      expect(callsSoFar()).toBe(languages.length * calls);
    });
  });

  test('every language reports a bad uid and wrong credentials, and calls once', async () => {
    await withService(callerAuth, async (_, caller, callsSoFar) => {
      const wrong = callerAuth === 'iam' ? { AWS_SECRET_ACCESS_KEY: 'another' } : { API_KEY: 'another' };
      for (const language of languages) {
        const badUid = await runExample(language, caller, 'a b');
        expect(badUid.output).toMatch(/failed: 422 invalid_uid /);
        const stranger = await runExample(language, { ...caller, ...wrong }, randomUUID());
        expect(stranger.output).toMatch(/failed: 403 forbidden /);
        expectQuiet(stranger, caller);
      }
      expect(callsSoFar()).toBe(languages.length * 2);
    });
  });
});

describe('functions/README.md', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../functions/README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `(\{"fault":.*?\})` \| (\d+) `(\w+)`(?:.*`Retry-After: (\d+)`)?/gm)];

  test.each(rows.map(([, ...cells]) => cells))('says what %s comes to: %s %s', async (...cells) => {
    const [fault = '', status, code, retryAfter = null] = cells;
    await withService('api-key', async ({ vendor }, { SESSIONS_URL = '' }) => {
      vendor.setFault(JSON.parse(fault));
      const headers = { 'x-api-key': localApiKey, 'content-type': 'application/json' };
      const body = JSON.stringify({ uid: randomUUID() });
      const answer = await fetch(SESSIONS_URL, { method: 'POST', headers, body });
      expect(answer.status).toBe(Number(status));
      expect(await answer.json()).toMatchObject({ code });
      expect(answer.headers.get('retry-after')).toBe(retryAfter);
    });
  });
});

describe('every language, against a scripted service', () => {
  const services = new Map<Language, ScriptedService>();
  beforeAll(async () => {
    for (const language of languages) services.set(language, await startScriptedService());
  });
  afterAll(() => Promise.all([...services.values()].map(({ close }) => close())));

  /** Runs each example against a script, and says what came of it and how often it called. */
  async function play(...script: Scripted[]) {
    return await Promise.all(
      [...services].map(async ([language, service]) => {
        service.play(...script);
        const caller = { SESSIONS_URL: service.url, API_KEY: localApiKey };
        const uid = randomUUID();
        const result = await runExample(language, caller, uid);
        expectQuiet(result, caller);
        for (const body of service.bodies) expect(JSON.parse(body)).toEqual({ uid });
        return { ...result, language, calls: service.bodies.length };
      }),
    );
  }
  const allOf = (expected: Record<string, unknown>) =>
    languages.map((language) => expect.objectContaining({ language, ...expected }));
  const reported = (text: string, calls: number) => ({
    url: undefined,
    output: expect.stringContaining(text),
    calls,
  });
  const handsOver = (calls: number) => ({ url: assessmentUrl, calls });

  const handedOver: Scripted = { status: 302, headers: { Location: assessmentUrl } };
  const busy = (retryAfter: string): Scripted => ({
    status: 503,
    headers: { 'Retry-After': retryAfter },
    body: { code: 'vendor_busy' },
  });

  const contract = new Map(
    [
      ...Object.entries(problems).map(([code, problem]) => ({ code, ...problem })),
      // A type that stands for several has no status; these are those of an unknown access key and of a fault.
      ...gatewayResponses.map((response) => ({
        statusCode: response.type === 'DEFAULT_4XX' ? 403 : 500,
        ...response,
      })),
    ].map(({ statusCode, code, retryAfterSeconds }) => [
      `${statusCode} ${code} ${retryAfterSeconds ?? ''}`,
      { statusCode, code, retryAfterSeconds },
    ]),
  );

  test.each([...contract.values()])('reports $statusCode $code', async (problem) => {
    const { statusCode: status, code, retryAfterSeconds } = problem;
    const headers = {
      'x-request-id': 'the-request',
      ...(retryAfterSeconds && { 'Retry-After': String(retryAfterSeconds) }),
    };
    const body = {
      type: `urn:begini-session:${code}`,
      status,
      code,
      instance: 'the-request',
      detail: '"It" failed.',
    };
    const isUnknown = status >= 500 && status !== 503;
    const calls = retryAfterSeconds && retryAfterSeconds <= 10 ? 3 : isUnknown ? 2 : 1;
    expect(await play({ status, headers, body })).toEqual(
      allOf(reported(`Hand-off failed: ${status} ${code} the-request "It" failed.`, calls)),
    );
  });

  const session = { url: assessmentUrl, expires_at: null, resumed: false };
  const cut = { status: 201, headers: { 'Content-Length': '999', Connection: 'close' }, body: '{"url":"' };

  test.each<[string, Scripted[], ReturnType<typeof handsOver | typeof reported>]>([
    ['accepts 201', [{ status: 201, body: session }], handsOver(1)],
    ['accepts 302', [handedOver], handsOver(1)],
    ['waits where Retry-After is short, and calls again', [busy('1'), handedOver], handsOver(2)],
    ['waits so twice', [busy('1'), busy('0'), handedOver], handsOver(3)],
    ['does not call again without Retry-After', [{ status: 503 }], reported('failed: 503', 1)],
    ['calls again where the answer was lost', ['lose', handedOver], handsOver(2)],
    ['calls again where the answer was cut', [cut, handedOver], handsOver(2)],
    ['calls again after 502', [{ status: 502 }, handedOver], handsOver(2)],
    ['calls again once where the outcome stays unknown', ['lose'], reported('no_answer', 2)],
    ['calls again at most twice', [busy('0'), 'lose', busy('0'), handedOver], reported('503 vendor_busy', 3)],
    ['reports once 30 s are nearly over', ['hang', busy('9'), handedOver], reported('503 vendor_busy', 2)],
    ['waits 20 s for an answer', ['hang', handedOver], handsOver(2)],
  ])('%s', async (_, script, expected) => {
    expect(await play(...script)).toEqual(allOf(expected));
  });

  test.each(['11', '99999999999999999999', '-1', '1e0', '²', 'soon', 'Fri, 27 Nov 2026 20:15:00 GMT'])(
    'does not wait for Retry-After: %s',
    async (retryAfter) => {
      expect(await play(busy(retryAfter))).toEqual(allOf(reported('503 vendor_busy', 1)));
    },
  );

  test.each([400, 403, 413, 415, 422])('does not call again after %i with Retry-After', async (status) => {
    const refusal = { status, headers: { 'Retry-After': '1' } };
    expect(await play(refusal)).toEqual(allOf(reported(`failed: ${status}`, 1)));
  });

  test.each([
    ['a page', gatewayPage({ code: 'forbidden' }, demoPage)],
    ...['', 'null', '[]', '"text"', '{"code":', '{"code":7}'].map((body) => [`'${body}'`, body] as const),
  ])('reports a refusal that is no problem but %s', async (_, body) => {
    const refusal = { status: 403, headers: { 'Content-Type': 'text/html' }, body };
    expect(await play(refusal)).toEqual(allOf(reported('failed: 403', 1)));
  });

  test('follows no redirect', async () => {
    const elsewhere = { status: 307, headers: { Location: services.get('node')?.url ?? '' } };
    expect(await play(elsewhere)).toEqual(allOf(reported('failed: 307', 1)));
  });
});

const url = 'http://127.0.0.1:9/test/sessions';

test.each(
  languages.flatMap((language) => [
    { language, caller: { API_KEY: localApiKey }, missing: 'SESSIONS_URL' },
    { language, caller: { SESSIONS_URL: url }, missing: 'AWS_REGION' },
    { language, caller: { SESSIONS_URL: url, AWS_REGION: 'us-east-1' }, missing: 'AWS credentials' },
  ]),
)('$language says at the start that it has no $missing', async ({ language, caller, missing }) => {
  const run = runExample(language, caller, 'ABCDE-12345').then(({ output }) => output);
  const output = await run.catch(({ message }: Error) => message);
  expect(output).toContain(missing);
  expectQuiet({ url: undefined, output }, caller);
});

test.each(['api-key', 'iam'])('npm start -- --auth %s prints a curl that works', async (auth) => {
  const root = join(import.meta.dirname, '../..');
  const port = String(10_000 + (process.pid % 7_000) * 3);
  const program = spawn(process.execPath, ['bin/local.ts', '--auth', auth], {
    cwd: root,
    env: { ...process.env, PORT: port },
  });
  let printed = '';
  while (!printed.includes('Requests:')) printed += (await once(program.stdout, 'data'))[0];
  const commands = /^Try it:\n(.*?)^\w/ms.exec(printed)?.[1] ?? '';
  const shell = spawn('sh', ['-c', commands]);
  const [answer] = await Promise.all([text(shell.stdout), once(shell, 'close')]);
  program.kill();
  expect(answer).toMatch(/^HTTP\/1.1 302 Found/);
});
