import { describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { codeOf, gatewayRequestId, proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import type { VendorClient, VendorResponse } from '../../../functions/begini/client.ts';
import { beginiOrigins } from '../../../functions/begini/origins.ts';
import { createSessionHandler } from '../../../functions/create-session/create-session-handler.ts';
import type { CredentialsCache } from '../../../functions/credentials/credentials-cache.ts';
import { VendorError } from '../../../functions/errors.ts';
import { SessionService } from '../../../functions/session/session-service.ts';

const uid = 'ABCDE-12345';
const credentials = { apiKey: 'key-1', integrationId: '42', versionId: 'v1' };

function setUp(changes: { vendor?: Partial<VendorClient>; cache?: Partial<CredentialsCache> } = {}) {
  const lines: string[] = [];
  const deadlines: number[] = [];
  const answer: VendorResponse = { statusCode: 200, retryAfter: undefined, body: '{"access_token":"a.b.c"}' };
  const sessions = new SessionService({
    settings: {
      stage: 'test',
      credentialsSecretArn: 'arn',
      hmac: true,
      uidRefKey: 'k',
      origins: beginiOrigins,
    },
    credentials: {
      read: async () => credentials,
      refresh: async () => undefined,
      find: async () => undefined,
      usable: async () => credentials,
      replace: async () => credentials,
      refuse: () => undefined,
      accept: () => undefined,
      ...changes.cache,
    },
    vendor: {
      send: async (_, { deadline }) => {
        deadlines.push(deadline - Date.now());
        return answer;
      },
      startWarmUp: async () => undefined,
      warmUp: async () => undefined,
      close: () => undefined,
      ...changes.vendor,
    },
  });
  const handler = createSessionHandler({ stage: 'test', sessions, writeLine: (line) => lines.push(line) });
  const invoke = (event: APIGatewayProxyEvent, remainingMs = 13_900) =>
    handler(event, {
      awsRequestId: 'lambda-request-id',
      getRemainingTimeInMillis: () => remainingMs,
    } as Context);
  return {
    invoke,
    lines,
    deadlines,
    lastLine: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>,
  };
}

describe('the event', () => {
  test('accepts a body that API Gateway has encoded as base64', async () => {
    const body = Buffer.from(JSON.stringify({ uid })).toString('base64');
    const response = await setUp().invoke(proxyEvent(body, { isBase64Encoded: true }));
    expect(response.statusCode).toBe(302);
    expect(response.headers?.Location).toBe('https://app.psychometric.me/a.b.c');
  });

  test.each([
    ['contains no JSON', Buffer.from('uid=ABCDE').toString('base64'), 'malformed_json'],
    ['is none', '%%%', 'malformed_json'],
    ['is JSON, not base64', JSON.stringify({ uid }), 'malformed_json'],
    ['contains too much', Buffer.from('x'.repeat(4_097)).toString('base64'), 'body_too_large'],
  ])('refuses a base64 body that %s', async (_, body, code) => {
    expect(codeOf(await setUp().invoke(proxyEvent(body, { isBase64Encoded: true })))).toBe(code);
  });

  test('measures the decoded size of a base64 body', async () => {
    const body = Buffer.from(JSON.stringify({ uid }).padEnd(4_096)).toString('base64');
    expect((await setUp().invoke(proxyEvent(body, { isBase64Encoded: true }))).statusCode).toBe(302);
  });

  test.each([
    ['no body', { body: null }, 'malformed_json'],
    ['no header', { headers: {} }, 'unsupported_media_type'],
    ['headers that are null', { headers: null as never }, 'unsupported_media_type'],
  ])('refuses an event with %s', async (_, changes, code) => {
    expect(codeOf(await setUp().invoke(proxyEvent({ uid }, changes)))).toBe(code);
  });

  test.each(['content-type', 'Content-Type', 'CONTENT-TYPE', 'cOnTeNt-TyPe'])(
    'reads the header %s',
    async (name) => {
      const { invoke } = setUp();
      expect(
        (await invoke(proxyEvent({ uid }, { headers: { [name]: 'application/json' } }))).statusCode,
      ).toBe(302);
    },
  );

  test('uses Lambda’s request id if API Gateway’s is missing', async () => {
    const { invoke, lastLine } = setUp();
    const response = await invoke(proxyEvent({ uid }, { requestContext: {} as never }));
    expect(response.headers?.['x-request-id']).toBe('lambda-request-id');
    expect(lastLine()).toMatchObject({
      requestId: 'lambda-request-id',
      lambdaRequestId: 'lambda-request-id',
    });
  });

  test.each([
    ['not a UUID', 'chosen-by-the-caller'],
    ['a UUID and more', `${gatewayRequestId}\n`],
    ['something and a UUID', `-${gatewayRequestId}`],
    ['no string', 7],
  ])('uses Lambda’s request id if API Gateway’s is %s', async (_, requestId) => {
    const { invoke, lastLine } = setUp();
    const response = await invoke(proxyEvent({ uid }, { requestContext: { requestId } as never }));
    expect(response.headers?.['x-request-id']).toBe('lambda-request-id');
    expect(lastLine()).toMatchObject({ requestId: 'lambda-request-id' });
  });

  test('uses API Gateway’s request id if it is a UUID', async () => {
    const { invoke, lastLine } = setUp();
    const response = await invoke(proxyEvent({ uid }));
    expect(response.headers?.['x-request-id']).toBe(gatewayRequestId);
    expect(lastLine()).toMatchObject({ requestId: gatewayRequestId, lambdaRequestId: 'lambda-request-id' });
  });
});

describe('time and failures', () => {
  test.each([
    ['a clock 60 s ahead', -60_000],
    ['a clock 60 s behind', 60_000],
    ['a stamp that is 16 s old', -16_000],
  ])('gives the vendor its full time with %s', async (_, offsetMs) => {
    const { invoke, deadlines } = setUp();
    const requestTimeEpoch = Date.now() + offsetMs;
    const event = proxyEvent({ uid }, { requestContext: { requestTimeEpoch } as never });
    expect((await invoke(event)).statusCode).toBe(302);
    expect(deadlines[0]).toBeGreaterThan(7_000);
  });

  test('answers 500 if the middlewares themselves fail', async () => {
    const { invoke } = setUp();
    const response = await invoke({ ...proxyEvent({ uid }), body: 7 } as never);
    expect([codeOf(response), response.headers?.['x-request-id']]).toEqual([
      'internal_error',
      gatewayRequestId,
    ]);
    const broken = {
      get requestContext() {
        throw new Error(uid);
      },
    };
    expect(codeOf(await invoke(broken as never))).toBe('internal_error');
  });

  test('does not call the vendor if the event’s Accept cannot be read', async () => {
    const { invoke, deadlines } = setUp();
    const event = proxyEvent(
      { uid },
      { headers: { 'content-type': 'application/json', accept: 7 as never } },
    );
    expect(codeOf(await invoke(event))).toBe('internal_error');
    expect(deadlines).toHaveLength(0);
  });

  test('gives the vendor at most 8 s', async () => {
    const { invoke, deadlines } = setUp();
    await invoke(proxyEvent({ uid }));
    expect(deadlines[0]).toBeLessThanOrEqual(8_000);
    expect(deadlines[0]).toBeGreaterThan(7_000);
  });

  test('gives the vendor less if API Gateway has already waited', async () => {
    const { invoke, deadlines } = setUp();
    const requestTimeEpoch = Date.now() - 9_000;
    await invoke(proxyEvent({ uid }, { requestContext: { requestTimeEpoch } as never }));
    expect(deadlines[0]).toBeLessThanOrEqual(5_000);
  });

  test.each([
    ['an error', new Error(`${uid} ${credentials.apiKey}`)],
    ['a string', `${uid} ${credentials.apiKey}`],
    ['nothing', undefined],
  ])('answers 500 if the code throws %s, and shows no details', async (_, thrown) => {
    const { invoke, lines, lastLine } = setUp({ vendor: { send: () => Promise.reject(thrown) } });
    const response = await invoke(proxyEvent({ uid }));
    expect(response.statusCode).toBe(500);
    expect(codeOf(response)).toBe('internal_error');
    expect(response.headers?.['Cache-Control']).toBe('no-store');
    expect(lastLine()).toMatchObject({ level: 'ERROR', outcome: 'operator_error', code: 'internal_error' });
    for (const secret of [uid, credentials.apiKey]) {
      expect(response.body).not.toContain(secret);
      expect(lines.join('')).not.toContain(secret);
    }
  });

  test('answers that a session is new if the stage remembers none', async () => {
    const { invoke, lastLine } = setUp();
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
    const { body } = await invoke(proxyEvent({ uid }, { headers }));
    expect(JSON.parse(body)).toMatchObject({ url: 'https://app.psychometric.me/a.b.c', resumed: false });
    expect(lastLine().outcome).toBe('session_created');
  });

  test('writes a dash for what an event does not say', async () => {
    const { invoke, lastLine } = setUp();
    await invoke(proxyEvent({ uid }, { httpMethod: undefined as never }));
    expect(lastLine().route).toBe('- /sessions');
  });

  test('names the kind of an unexpected error in the log line', async () => {
    const { invoke, lastLine } = setUp({ vendor: { send: () => Promise.reject(new RangeError(uid)) } });
    await invoke(proxyEvent({ uid }));
    expect(lastLine()).toMatchObject({ code: 'internal_error', reason: 'RangeError' });
  });

  test.each([
    ['a code', Object.assign(new Error(uid), { code: 'ECONNRESET' }), 'ECONNRESET'],
    ['a name', Object.assign(new Error(uid), { name: 'TimeoutError' }), 'TimeoutError'],
    ['a code of 64 characters', { code: 'E'.repeat(64) }, 'E'.repeat(64)],
    ['a code of 65 characters', { code: 'E'.repeat(65) }, undefined],
    ['a name of 65 characters', { name: 'E'.repeat(65) }, undefined],
    ['a code with a space', { code: 'not this' }, undefined],
    ['a name with a line break', { name: 'Error\n' }, undefined],
    ['a uid for a code', { code: uid }, undefined],
    ['a uid within its name', { name: `Error${uid}` }, undefined],
    ['neither', {}, undefined],
  ])('logs only a plain word as the reason of a failure: %s', async (_, cause, reason) => {
    const send = () => Promise.reject(new VendorError('vendor_connection_lost', { cause }));
    const { invoke, lastLine } = setUp({ vendor: { send } });
    await invoke(proxyEvent({ uid }));
    expect(lastLine()).toMatchObject({ code: 'vendor_connection_lost' });
    expect(lastLine().reason).toBe(reason);
  });

  test.each([null, undefined, 'text', 7, [], {}])(
    'answers the event %p, which API Gateway never sends',
    async (event) => {
      const { invoke, lines } = setUp();
      expect((await invoke(event as never)).statusCode).toBeGreaterThanOrEqual(400);
      expect(lines).toHaveLength(1);
    },
  );
});
