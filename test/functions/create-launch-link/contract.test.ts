import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import type { Service } from '../../support/service.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { startService, uidRefKey } = await import('../../support/service.ts');
afterAll(() => time.restore());

const uid = 'QWERT-67890-XY';
let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const lifeSeconds = (expiresAt: string) => (Date.parse(expiresAt) - Date.now()) / 1000;

test('answers 201 with a link and its expiry, a day from now, without calling the vendor', async () => {
  const response = await service.postLink({ uid });
  expect(response.status).toBe(201);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('content-type')).toBe('application/json');
  const { url, expires_at: expiresAt } = (await response.json()) as { url: string; expires_at: string };
  const base = service.url.replace('/sessions', '/launch/');
  expect(url.startsWith(base)).toBe(true);
  expect(url.slice(base.length)).toMatch(/^[0-9A-Za-z]{66,73}$/);
  expect(expiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(lifeSeconds(expiresAt)).toBeGreaterThan(86_390);
  expect(lifeSeconds(expiresAt)).toBeLessThanOrEqual(86_400);
  expect(service.vendor.requests).toHaveLength(0);
  expect(service.vendor.connections).toBe(0);
});

test.each([undefined, 'pt-BR'])(
  'fits one SMS of 160 characters on a host of API Gateway, in the language %s',
  async (language) => {
    const event = proxyEvent({ uid: 'ABCDE-12345A', language });
    const domainName = 'abcdefghij.execute-api.eu-central-1.amazonaws.com';
    const requestContext = { ...event.requestContext, domainName, stage: 'production' };
    const { body } = await service.invoke('create-launch-link', { ...event, requestContext });
    const { url } = JSON.parse(body) as { url: string };
    // This service makes links of http: here.
    expect(url.replace('http:', 'https:').length).toBeLessThanOrEqual(160);
  },
);

test.each([60, 3_600, 2_592_000])('accepts an expires_in of %d', async (expiresIn) => {
  const response = await service.postLink({ uid, expires_in: expiresIn });
  const { expires_at: expiresAt } = (await response.json()) as { expires_at: string };
  expect(lifeSeconds(expiresAt)).toBeGreaterThan(expiresIn - 10);
  expect(lifeSeconds(expiresAt)).toBeLessThanOrEqual(expiresIn);
});

test('accepts any text as the language, and null like an absent property', async () => {
  const wishes = ['es', 'pt-br', 'es_MX', 'zho-Hant-419', 'english', '', 'x'.repeat(3_000), '\u0000', null];
  for (const language of wishes) {
    expect((await service.postLink({ uid, language, expires_in: null })).status).toBe(201);
  }
});

test.each([
  ['59 seconds', { uid, expires_in: 59 }, 422, 'invalid_expires_in'],
  ['30 days and a second', { uid, expires_in: 2_592_001 }, 422, 'invalid_expires_in'],
  ['half seconds', { uid, expires_in: 61.5 }, 422, 'invalid_expires_in'],
  ['1.5 seconds', { uid, expires_in: 1.5 }, 422, 'invalid_expires_in'],
  ['a number in quotes', { uid, expires_in: '60' }, 422, 'invalid_expires_in'],
  ['a negative number', { uid, expires_in: -60 }, 422, 'invalid_expires_in'],
  ['1e400, which JSON parses as infinity', `{"uid":"${uid}","expires_in":1e400}`, 422, 'invalid_expires_in'],
  ['a number as the language', { uid, language: 5 }, 422, 'invalid_language'],
  ['a list of languages', { uid, language: ['es'] }, 422, 'invalid_language'],
  ['both wrong', { uid, expires_in: 1, language: 5 }, 422, 'invalid_expires_in'],
  ['no uid', { expires_in: 60 }, 422, 'invalid_uid'],
  ['an invalid uid with an invalid expires_in', { uid: 'a_b_c', expires_in: 1 }, 422, 'invalid_uid'],
  [
    'an integration_id, which this call does not accept',
    { uid, integration_id: '1' },
    422,
    'unknown_property',
  ],
  ['a second property with an invalid uid', { uid: '', name: 'Ana' }, 422, 'unknown_property'],
  ['a null body', 'null', 422, 'malformed_json'],
  ['half of a JSON body', '{"uid":', 422, 'malformed_json'],
  ['a body of 4,097 bytes', JSON.stringify({ uid }).padEnd(4_097), 413, 'body_too_large'],
] as const)('refuses %s', async (_, body, status, code) => {
  const response = await service.postLink(body);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await codeOf(response)).toBe(code);
});

test('refuses a body that is not declared as JSON', async () => {
  const response = await service.postLink({ uid }, { 'Content-Type': 'text/plain' });
  expect([response.status, await codeOf(response)]).toEqual([415, 'unsupported_media_type']);
});

test('logs the pseudonym of the uid, and neither uid nor token', async () => {
  const token = (await service.makeLink(uid)).split('/').at(-1) ?? '';
  const line = service.lines.at(-1) ?? '';
  expect(JSON.parse(line)).toMatchObject({
    level: 'INFO',
    route: 'POST /launch-links',
    outcome: 'link_created',
    statusCode: 201,
    uidRef: createHmac('sha256', uidRefKey).update(uid).digest('hex').slice(0, 12),
  });
  for (const part of [uid, token]) expect(line).not.toContain(part);
});
