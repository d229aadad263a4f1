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

  test.each([
    ['Lambda’s', 'is missing', undefined, 'lambda-request-id'],
    ['Lambda’s', 'is not a UUID', 'chosen-by-the-caller', 'lambda-request-id'],
    ['Lambda’s', 'is a UUID and more', `${gatewayRequestId}\n`, 'lambda-request-id'],
    ['Lambda’s', 'is something and a UUID', `-${gatewayRequestId}`, 'lambda-request-id'],
    ['Lambda’s', 'is no string', 7, 'lambda-request-id'],
    ['API Gateway’s', 'is a UUID', gatewayRequestId, gatewayRequestId],
  ])('uses %s request id if API Gateway’s %s', async (_whose, _is, given, requestId) => {
    const { invoke, lastLine } = setUp();
    const response = await invoke(proxyEvent({ uid }, { requestContext: { requestId: given } as never }));
    expect(response.headers?.['x-request-id']).toBe(requestId);
    expect(lastLine()).toMatchObject({ requestId, lambdaRequestId: 'lambda-request-id' });
  });
});

describe('time and failures', () => {
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

  test.each([
    ['8 s', 'the request was received just now', 0, 7_000, 8_000],
    ['8 s', 'a clock is 60 s ahead', -60_000, 7_000, 8_000],
    ['8 s', 'a clock is 60 s behind', 60_000, 7_000, 8_000],
    ['8 s', 'its stamp is 16 s old', -16_000, 7_000, 8_000],
    ['less', 'API Gateway has waited for 9 s', -9_000, 0, 5_000],
  ])('gives the vendor %s if %s', async (_time, _when, offsetMs, least, most) => {
    const { invoke, deadlines } = setUp();
    const requestTimeEpoch = Date.now() + offsetMs;
    const event = proxyEvent({ uid }, { requestContext: { requestTimeEpoch } as never });
    expect((await invoke(event)).statusCode).toBe(302);
    expect(deadlines[0]).toBeGreaterThan(least);
    expect(deadlines[0]).toBeLessThanOrEqual(most);
  });

  test.each([
    ['an error', new RangeError(`${uid} ${credentials.apiKey}`), 'RangeError'],
    ['a string', `${uid} ${credentials.apiKey}`, undefined],
    ['nothing', undefined, undefined],
  ])('answers 500 if the code throws %s, logs its kind and shows no details', async (_, thrown, reason) => {
    const { invoke, lines, lastLine } = setUp({ vendor: { send: () => Promise.reject(thrown) } });
    const response = await invoke(proxyEvent({ uid }));
    expect(response.statusCode).toBe(500);
    expect(codeOf(response)).toBe('internal_error');
    expect(response.headers?.['Cache-Control']).toBe('no-store');
    expect(lastLine()).toMatchObject({ level: 'ERROR', outcome: 'operator_error', code: 'internal_error' });
    expect(lastLine().reason).toBe(reason);
    for (const secret of [uid, credentials.apiKey]) {
      expect(response.body).not.toContain(secret);
      expect(lines.join('')).not.toContain(secret);
    }
  });

  test('writes a dash for what an event does not say', async () => {
    const { invoke, lastLine } = setUp();
    await invoke(proxyEvent({ uid }, { httpMethod: undefined as never }));
    expect(lastLine().route).toBe('- /sessions');
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
});
