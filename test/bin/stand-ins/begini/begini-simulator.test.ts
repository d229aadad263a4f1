import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type BeginiSimulator,
  type SimulatorOptions,
  simulatedCredentials,
  startBeginiSimulator,
} from '../../../../bin/stand-ins/begini/begini-simulator.ts';

const uid = 'QWERT-YUIOP-ASDFGH';
const { apiKey, integrationId } = simulatedCredentials;

let simulator: BeginiSimulator;
afterEach(() => simulator.close());

async function start(options?: SimulatorOptions): Promise<void> {
  simulator = await startBeginiSimulator(options);
}

const signatureOf = (message: string, key = apiKey) =>
  createHmac('sha512', key).update(message).digest('hex');

/** A valid session call, in which each test changes one thing; there is no signature of an empty text. */
function call(
  change: { body?: string; signed?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const { body = JSON.stringify({ uid, integration_id: integrationId }), signed = body, headers } = change;
  return fetch(`${simulator.origin}/v1/sessions-management/tokens`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'api-key': apiKey,
      'content-type': 'application/json',
      ...(signed && { 'x-signature': signatureOf(signed, headers?.['api-key']) }),
      ...headers,
    },
    body,
  });
}

/** Sees the simulator's behaviour, or sets it. */
function control(body?: object, headers: Record<string, string> = {}): Promise<Response> {
  const change = { method: 'POST', headers, body: JSON.stringify(body) };
  return fetch(`${simulator.origin}/_control`, body && change);
}

async function tokenOf(answer: Response): Promise<string> {
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}

describe('a session call', () => {
  test('answers a valid call with a token for 24 hours with uid and integration, and the documented url', async () => {
    await start();
    const before = Math.floor(Date.now() / 1000);
    const answer = await call();
    expect(answer.status).toBe(200);
    const { access_token: token, url } = (await answer.json()) as Record<string, string>;
    expect(url).toBe('https://api.begini.co/master/psychometrics');
    const [header, claims] = (token ?? '')
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header ?? '')).toEqual({ alg: 'HS256', typ: 'JWT' });
    const { exp, ...others } = JSON.parse(claims ?? '');
    expect(others).toMatchObject({ uid, integration_id: integrationId, company_id: expect.any(String), url });
    expect(exp - before).toBeGreaterThanOrEqual(86_400);
  });

  test.each([
    ['none', 2],
    ['same-token', 1],
  ] as const)(
    'for the same uid, with the fault %s, leads to %i session(s) in two calls',
    async (fault, count) => {
      await start();
      simulator.setFault({ fault });
      const tokens = [await tokenOf(await call()), await tokenOf(await call())];
      expect(new Set(tokens).size).toBe(count);
    },
  );

  const spaced = `{"uid": "${uid}", "integration_id": "${integrationId}"}`;
  const compact = `{"uid":"${uid}","integration_id":"${integrationId}"}`;

  test.each([
    ['an unknown key', { headers: { 'api-key': 'another' } }, 401],
    ['no signature', { signed: '' }, 401],
    [
      'a signature over the bytes that a re-serialisation does not give',
      { body: spaced, signed: spaced },
      401,
    ],
    [
      'a signature over the re-serialisation that the bytes do not give',
      { body: spaced, signed: compact },
      401,
    ],
    ['a signature of upper case', { headers: { 'x-signature': signatureOf(compact).toUpperCase() } }, 401],
    ['a uid of four characters', { body: `{"uid":"A-12","integration_id":"${integrationId}"}` }, 422],
    ['a uid with an underscore', { body: `{"uid":"ABC_123","integration_id":"${integrationId}"}` }, 422],
    ['a uid that is a number', { body: `{"uid":1234567,"integration_id":"${integrationId}"}` }, 422],
    ['no integration id', { body: `{"uid":"${uid}"}` }, 422],
    ['a body that is not labelled JSON', { headers: { 'content-type': 'text/plain' } }, 422],
    ["another deployment's integration id", { body: `{"uid":"${uid}","integration_id":"another"}` }, 403],
  ])('refuses %s', async (_, change, status) => {
    await start();
    expect((await call(change)).status).toBe(status);
    expect(simulator.requests[0]).toMatchObject({ accepted: false, status });
  });

  test('re-serialises as Python does, which escapes everything that is not ASCII', async () => {
    await start();
    const body = `{"uid":"\\u00e9t\\u00e9-\\ud83d\\ude00","integration_id":"${integrationId}"}`;
    expect((await call({ body })).status).toBe(422);
    expect((await call({ body: JSON.stringify(JSON.parse(body)) })).status).toBe(401);
  });

  test('accepts a call without signature if HMAC is optional, and still refuses a wrong one', async () => {
    await start({ hmac: 'optional' });
    expect((await call({ signed: '' })).status).toBe(200);
    expect((await call({ signed: 'another body' })).status).toBe(401);
  });
});

test('the end of the assessment redirects the browser, and /_control shows its events without the uid', async () => {
  const delivered = Promise.withResolvers<void>();
  const webhook = { delayMs: 0, retryDelaysMs: [], onDelivery: () => delivered.resolve() };
  await start({ webhook });
  const returnUrls = { 'give-up': 'http://127.0.0.1/cancelled' };
  simulator.setDeployment({ webhookUrl: simulator.origin, returnUrls });
  const answer = await fetch(`${simulator.origin}/${await tokenOf(await call())}`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ ending: 'give-up' }),
  });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, returnUrls['give-up']]);
  await delivered.promise;
  const state = await (await control()).json();
  const deliveries = [{ type: 'application.cancelled', outcome: 404, delivered: false }];
  expect(state).toMatchObject({ webhook: 'once', deliveries });
  expect(JSON.stringify(state)).not.toContain(uid);
});

describe('control, and a change of the credentials', () => {
  const next = { apiKey: 'another-key', integrationId: 'another-integration' };
  const nextCall = {
    headers: { 'api-key': next.apiKey },
    body: JSON.stringify({ uid, integration_id: next.integrationId }),
  };

  test('accepts the old pair for an overlap, but never a mix of both pairs', async () => {
    await start();
    simulator.changeCredentials(next, { overlapMs: Number.POSITIVE_INFINITY });
    expect((await call()).status).toBe(200);
    expect((await call(nextCall)).status).toBe(200);
    expect((await call({ headers: { 'api-key': next.apiKey } })).status).toBe(403);
  });

  test('ends an overlap with the pair in use once more, and the key before it stays the same', async () => {
    await start();
    const { apiKeys: keysBefore } = simulator;
    simulator.changeCredentials(next, { overlapMs: Number.POSITIVE_INFINITY });
    simulator.changeCredentials(next);
    expect((await call()).status).toBe(401);
    expect(simulator.apiKeys).toEqual([next.apiKey, ...keysBefore]);
  });

  test.each([
    [
      { fault: 'status', status: 429, times: 1 },
      'faults',
      { fault: { fault: 'status', status: 429, times: 1 } },
    ],
    [{ webhook: 'twice' }, 'webhooks', { webhook: 'twice' }],
    [{ entry: 'once' }, 'entries', { entry: 'once' }],
  ])(
    'accepts %o at /_control, shows it with all %s, and does not record the request',
    async (body, all, state) => {
      await start();
      const answer = await control(body);
      expect(await answer.json()).toMatchObject({ ...state, [all]: expect.any(Object), requests: 0 });
      expect(simulator.requests).toEqual([]);
    },
  );

  test('accepts a new pair at /_control, and then signs events with the previous key if it is told so', async () => {
    await start();
    expect((await control(next)).status).toBe(200);
    expect((await call(nextCall)).status).toBe(200);
    expect(await (await control({ webhook: 'previous-key' })).json()).toMatchObject({
      webhook: 'previous-key',
    });
  });

  test.each([
    [{ webhook: 'thrice' }, 'webhook must be one of once, twice, '],
    [{ webhook: 'previous-key' }, 'previous-key needs a renewed key: first send {"apiKey": '],
    [{ entry: 'never' }, 'entry must be one of again, once'],
    [{ fault: 'unheard-of' }, 'fault must be one of none, '],
    [{ fault: 'slow' }, 'slow needs delayMs, a number'],
    [{ fault: 'redirect', location: 1 }, 'redirect needs location, a string'],
    [{ fault: 'reset', times: 0 }, 'times must be a whole number of at least 1'],
  ])('says what is wrong with the control %o', async (body, message) => {
    await start();
    const answer = await control(body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(message);
  });

  test('refuses control by a page of another origin', async () => {
    await start();
    for (const origin of ['https://evil.example', 'null']) {
      expect((await control({ fault: 'hang' }, { origin })).status).toBe(403);
    }
    expect(simulator.fault).toEqual({ fault: 'none' });
    expect((await control({ fault: 'hang' }, { origin: simulator.origin })).status).toBe(200);
  });
});
