import { createHmac } from 'node:crypto';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Fault } from '../../../../bin/stand-ins/begini/begini-faults.ts';
import {
  type BeginiSimulator,
  type SimulatorOptions,
  simulatedCredentials,
  startBeginiSimulator,
} from '../../../../bin/stand-ins/begini/begini-simulator.ts';
import { makeAccessToken } from '../../../../bin/stand-ins/begini/begini-token.ts';
import { makeCertificate } from '../../../../bin/stand-ins/certificate.ts';
import { startLoopbackServer } from '../../../../bin/stand-ins/loopback.ts';

const uid = 'QWERT-YUIOP-ASDFGH';
const { apiKey, integrationId } = simulatedCredentials;

let simulator: BeginiSimulator;
afterEach(() => simulator.close());

async function start(options?: SimulatorOptions): Promise<void> {
  simulator = await startBeginiSimulator(options);
}

const signatureOf = (message: string, key = apiKey) =>
  createHmac('sha512', key).update(message).digest('hex');

/** A valid session call, in which each test changes one thing. */
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
      'x-signature': signatureOf(signed, headers?.['api-key']),
      ...headers,
    },
    body,
  });
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

  test('records the requests that reached it', async () => {
    await start();
    await call();
    expect(simulator.requests).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: '/v1/sessions-management/tokens',
        accepted: true,
        status: 200,
      }),
    ]);
    expect(simulator.requests[0]?.rawBody.toString()).toBe(
      `{"uid":"${uid}","integration_id":"${integrationId}"}`,
    );
    expect(simulator.requests[0]?.headers['api-key']).toBe(apiKey);
  });

  const spaced = `{"uid": "${uid}", "integration_id": "${integrationId}"}`;
  const compact = `{"uid":"${uid}","integration_id":"${integrationId}"}`;

  test.each([
    ['an unknown key', { headers: { 'api-key': 'another' } }, 401],
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

  test('refuses a call without signature only if HMAC is required', async () => {
    await start();
    const url = `${simulator.origin}/v1/sessions-management/tokens`;
    const unsigned = {
      method: 'POST',
      headers: { 'api-key': apiKey, 'content-type': 'application/json' },
      body: compact,
    };
    expect((await fetch(url, unsigned)).status).toBe(401);
    await simulator.close();
    await start({ hmac: 'optional' });
    expect((await fetch(url.replace(/^http:\/\/[^/]+/, simulator.origin), unsigned)).status).toBe(200);
    expect((await call({ headers: { 'x-signature': 'wrong' } })).status).toBe(401);
  });
});

describe('the page of the assessment', () => {
  test('shows a page for its own token without token or uid', async () => {
    await start();
    const token = await tokenOf(await call());
    const page = await fetch(`${simulator.origin}/${token}`);
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(html).toContain('This is where the Begini assessment would start');
    expect(html).not.toContain(uid);
    expect(html).not.toContain(token);
  });

  test('shows an error page for an expired, an unknown and a malformed token', async () => {
    await start({ sessionLifeSeconds: 0 });
    const token = await tokenOf(await call());
    const statusOf = async (path: string) => (await fetch(`${simulator.origin}/${path}`)).status;
    expect(await statusOf(token)).toBe(410);
    expect(await statusOf(`${token}x`)).toBe(404);
    expect(await statusOf(`${token}.x`)).toBe(404);
    expect(await statusOf('favicon.ico')).toBe(404);
    expect(await statusOf(makeAccessToken({ uid, exp: 1e300 }))).toBe(200);
  });
});

describe('the end of the assessment', () => {
  const end = (token: string, ending: string) =>
    fetch(`${simulator.origin}/${token}`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ ending }),
    });

  test('redirects the browser to the return URL, and refuses an expired session', async () => {
    await start();
    const returnUrls = { finish: 'http://127.0.0.1/finished', expire: 'http://127.0.0.1/expired' };
    simulator.setDeployment({ returnUrls });
    const token = await tokenOf(await call());
    expect((await end(token, 'finish')).headers.get('location')).toBe(returnUrls.finish);
    expect((await end(token, 'expire')).headers.get('location')).toBe(returnUrls.expire);
    const entered = await fetch(`${simulator.origin}/${token}`, { redirect: 'manual' });
    expect(entered.headers.get('location')).toBe(returnUrls.expire);
  });

  test('sends its events to the webhook, signed, and shows each try at the control endpoint', async () => {
    const events: { signature: unknown; rawBody: string }[] = [];
    const receiver = await startLoopbackServer({
      listener: async (request, response) => {
        const rawBody = await text(request);
        events.push({ signature: request.headers['x-signature'], rawBody });
        response.end('{}');
      },
    });
    const delivered = Promise.withResolvers<void>();
    await start({ webhook: { delayMs: 0, onDelivery: () => delivered.resolve() } });
    simulator.setDeployment({ webhookUrl: receiver.origin });
    await end(await tokenOf(await call()), 'give-up');
    await delivered.promise;
    await receiver.close();
    expect(events).toHaveLength(1);
    const [{ signature, rawBody } = { signature: '', rawBody: '' }] = events;
    expect(JSON.parse(rawBody)).toMatchObject({ uid, event: { type: 'application.cancelled' } });
    expect(signature).toBe(signatureOf(rawBody));
    const state = await (await fetch(`${simulator.origin}/_control`)).json();
    const deliveries = [{ type: 'application.cancelled', outcome: 200, delivered: true }];
    expect(state).toMatchObject({ webhook: 'once', deliveries });
    expect(JSON.stringify(state)).not.toContain(uid);
  });
});

describe('faults', () => {
  test.each<[Fault['fault'], number]>([
    ['none', 200],
    ['same-token', 200],
    ['refuse-second', 422],
  ])('simulates %s for a second call of a uid', async (fault, status) => {
    await start();
    const first = await tokenOf(await call());
    simulator.setFault({ fault } as Fault);
    const answer = await call();
    expect(answer.status).toBe(status);
    if (status === 200) expect((await tokenOf(answer)) === first).toBe(fault === 'same-token');
  });

  test.each<Fault>([{ fault: 'reset' }, { fault: 'not-http' }])(
    'breaks the connection without an answer: %o',
    async (fault) => {
      await start();
      simulator.setFault(fault);
      await expect(call()).rejects.toThrow('fetch failed');
      expect(simulator.requests).toEqual([expect.objectContaining({ accepted: true, status: undefined })]);
    },
  );

  test('never answers while it hangs, and survives a client that disconnects', async () => {
    await start();
    simulator.setFault({ fault: 'hang', times: 1 });
    const leaving = new AbortController();
    const hanging = fetch(`${simulator.origin}/v1/sessions-management/tokens`, {
      method: 'POST',
      signal: leaving.signal,
    });
    const left = expect(hanging).rejects.toThrow('aborted');
    while (simulator.requests.length === 0) await new Promise(setImmediate);
    leaving.abort();
    await left;
    expect((await call()).status).toBe(200);
  });

  test('closes the connection in the middle of an answer', async () => {
    await start();
    simulator.setFault({ fault: 'close-mid-body' });
    const answer = await call();
    await expect(answer.text()).rejects.toThrow('terminated');
  });

  test.each<[Fault, number, Record<string, string>]>([
    [{ fault: 'slow', delayMs: 1 }, 200, {}],
    [{ fault: 'status', status: 429, retryAfter: 7 }, 429, { 'retry-after': '7' }],
    [{ fault: 'status', status: 503 }, 503, {}],
    [
      { fault: 'redirect', location: 'https://elsewhere.example/' },
      302,
      { location: 'https://elsewhere.example/' },
    ],
    [{ fault: 'raw-answer', body: { access_token: 'a b' } }, 200, {}],
  ])('answers as %o says', async (fault, status, headers) => {
    await start();
    simulator.setFault(fault);
    const answer = await call();
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject(headers);
    if (fault.fault === 'raw-answer') expect(await answer.json()).toEqual(fault.body);
  });

  test('answers with a body that is not JSON, or too large', async () => {
    await start();
    simulator.setFault({ fault: 'invalid-json' });
    await expect((await call()).json()).rejects.toThrow('is not valid JSON');
    simulator.setFault({ fault: 'oversized' });
    expect((await (await call()).text()).length).toBeGreaterThan(16 * 1024);
  });

  test('ends a fault after the given number of times', async () => {
    await start();
    simulator.setFault({ fault: 'status', status: 500, times: 2 });
    const statuses = [(await call()).status, (await call()).status, (await call()).status];
    expect(statuses).toEqual([500, 500, 200]);
  });
});

describe('control, and a change of the credentials', () => {
  const next = { apiKey: 'another-key', integrationId: 'another-integration' };
  const nextCall = {
    headers: { 'api-key': next.apiKey },
    body: JSON.stringify({ uid, integration_id: next.integrationId }),
  };

  test('refuses the old key at once when the credentials change', async () => {
    await start();
    simulator.changeCredentials(next);
    expect((await call()).status).toBe(401);
    expect((await call(nextCall)).status).toBe(200);
  });

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

  test('is controlled over HTTP, and does not record these requests', async () => {
    await start();
    const control = (body: unknown) =>
      fetch(`${simulator.origin}/_control`, { method: 'POST', body: JSON.stringify(body) });
    expect((await control({ fault: 'status', status: 429, retryAfter: 3, times: 1 })).status).toBe(200);
    const state = await (await fetch(`${simulator.origin}/_control`)).json();
    expect(state).toMatchObject({
      fault: { fault: 'status', times: 1 },
      faults: { hang: expect.any(String) },
    });
    expect((await call()).status).toBe(429);
    expect((await control({ ...next })).status).toBe(200);
    expect((await call(nextCall)).status).toBe(200);
    expect(simulator.requests).toHaveLength(2);
    expect((await control({ webhook: 'previous-key' })).status).toBe(200);
  });

  test('accepts a token only once, and sends events as configured', async () => {
    await start();
    const control = async (body: unknown) => {
      const answer = await fetch(`${simulator.origin}/_control`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      return await answer.json();
    };
    expect(await control({ webhook: 'twice' })).toMatchObject({
      webhook: 'twice',
      webhooks: { 'wrong-key': expect.any(String) },
    });
    const token = await tokenOf(await call());
    const enter = async () => (await fetch(`${simulator.origin}/${token}`)).status;
    expect([await enter(), await enter()]).toEqual([200, 200]);
    expect(await control({ entry: 'once' })).toMatchObject({
      entry: 'once',
      entries: { again: expect.any(String) },
    });
    expect(await enter()).toBe(403);
    await control({ entry: 'again' });
    expect(await enter()).toBe(200);
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
    const answer = await fetch(`${simulator.origin}/_control`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(message);
  });

  test('speaks TLS to a client that trusts its certificate', async () => {
    const tls = await makeCertificate();
    await start({ tls });
    const status = await new Promise((resolve, reject) => {
      request(`${simulator.origin}/_control`, { ca: tls.cert }, (response) => {
        text(response).then(() => resolve(response.statusCode), reject);
      })
        .on('error', reject)
        .end();
    });
    expect(simulator.origin).toMatch(/^https:/);
    expect(status).toBe(200);
    await expect(call()).rejects.toThrow('fetch failed');
  });

  test('refuses control by a page of another origin', async () => {
    await start();
    const set = (origin: string) =>
      fetch(`${simulator.origin}/_control`, {
        method: 'POST',
        headers: { origin },
        body: JSON.stringify({ fault: 'hang' }),
      });
    expect((await set('https://evil.example')).status).toBe(403);
    expect((await set('null')).status).toBe(403);
    expect(await (await fetch(`${simulator.origin}/_control`)).json()).toMatchObject({
      fault: { fault: 'none' },
    });
    expect((await set(simulator.origin)).status).toBe(200);
  });
});
