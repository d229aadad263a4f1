import { validateHeaderValue } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyResult } from 'aws-lambda';
import fc from 'fast-check';
import { problems } from '../../../functions/errors.ts';
import { securityHeaders } from '../../../functions/http/security-headers.ts';
import { routes } from '../../../lib/api/routes.ts';
import type { Service } from '../../support/service.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { simulatedCredentials } = await import('../../../bin/stand-ins/begini/begini-simulator.ts');
const { proxyEvent } = await import('../../../bin/stand-ins/gateway/proxy-event.ts');
const { anyEvent, bodyText, brokenJson, planted } = await import('../../support/hostile-input.ts');
const { assessmentOrigin, startService } = await import('../../support/service.ts');
afterAll(() => time.restore());

let service: Service;
let tokens: string[];
beforeAll(async () => {
  service = await startService();
  const links = [await service.makeLink('ABCDE-12345'), await service.makeLink('ABCDE-67890', 60, 'ar')];
  tokens = links.map((link) => link.split('/').at(-1) ?? '');
});
afterAll(() => service.close());

const functions = [...new Set(routes.map((route) => route.function))];
const whole = { ...proxyEvent({ uid: 'a' }), pathParameters: { token: 'not-ours' } };

/** Events that API Gateway never sends, or only to a function with a wrong configuration. */
const events: unknown[] = [
  undefined,
  null,
  5,
  'text',
  [],
  {},
  { ...whole, body: undefined },
  { ...whole, body: 5 },
  { ...whole, body: {} },
  { ...whole, headers: undefined },
  { ...whole, headers: null },
  { ...whole, headers: 5 },
  { ...whole, headers: { Accept: 5, 'Content-Type': 7 } },
  { ...whole, headers: { accept: ['text/html'] } },
  { ...whole, httpMethod: 5, resource: null },
  { ...whole, pathParameters: null },
  { ...whole, pathParameters: { token: 5 } },
  { ...whole, requestContext: undefined },
  { ...whole, requestContext: 'text' },
  { ...whole, requestContext: { requestId: 5, requestTimeEpoch: 'soon' } },
  { ...whole, requestContext: { requestTimeEpoch: { toString: false } } },
  { ...whole, httpMethod: { toString: false }, resource: { toString: false } },
  { ...whole, isBase64Encoded: 'yes', body: '\u0000' },
];

describe.each(functions)('%s', (name) => {
  test.each(events.map((event) => [JSON.stringify(event)?.slice(0, 90) ?? 'undefined', event]))(
    'answers %s with an error of the contract, and writes one line',
    async (_text, event) => {
      const linesBefore = service.lines.length;
      const response = await service.invoke(name, event);
      const { type, code, status } = JSON.parse(response.body);
      expect(problems).toHaveProperty(code);
      expect([type, status]).toEqual([`urn:begini-session:${code}`, response.statusCode]);
      expect(problems[code]?.statusCode).toBe(status);
      const lines = service.lines.slice(linesBefore).map((line) => JSON.parse(line));
      expect(lines).toEqual([expect.objectContaining({ message: 'request', code, statusCode: status })]);
    },
  );
});

/** Checks a response against the contract; it must contain no internal value. */
function expectContract({ statusCode, headers = {}, body }: APIGatewayProxyResult): void {
  expect(headers).toMatchObject(securityHeaders);
  expect(headers['x-request-id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
  for (const [name, value] of Object.entries(headers)) validateHeaderValue(name, String(value));
  const { Location: location, ...others } = headers;
  expect(JSON.stringify(others)).not.toContain(planted);

  if (statusCode === 302) {
    expect(location).toMatch(safeLocation);
    expect(body).toBe('');
  } else if (statusCode === 201) {
    expect(JSON.parse(body)).toMatchObject({ url: expect.stringMatching(/^http/) });
  } else if (String(headers['Content-Type']).startsWith('text/html')) {
    expect([200, ...Object.values(problems).map((problem) => problem.statusCode)]).toContain(statusCode);
    expect(body).not.toContain(planted);
  } else {
    const { code, ...problem } = JSON.parse(body);
    expect(headers['Content-Type']).toBe('application/problem+json');
    const { title, detail } = problems[code] ?? {};
    const instance = headers['x-request-id'];
    expect(problem).toEqual({
      type: `urn:begini-session:${code}`,
      title,
      detail,
      status: statusCode,
      instance,
    });
    expect(problems[code]?.statusCode).toBe(statusCode);
  }
}

const safeLocation = new RegExp(`^${assessmentOrigin}/[\\w-]+\\.[\\w-]+\\.[\\w-]+$`);

test.each(functions)(
  '%s answers any event by the contract, and writes one line without what it was sent',
  async (name) => {
    await fc.assert(
      fc.asyncProperty(anyEvent(tokens), async (event) => {
        const linesBefore = service.lines.length;
        expectContract(await service.invoke(name, event));
        const lines = service.lines.slice(linesBefore);
        expect(lines).toHaveLength(1);
        expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'request', version: expect.any(String) });
        expect(lines[0]).not.toContain(planted);
      }),
      { numRuns: 150 },
    );
  },
);

/** The code that the contract's order of checks gives the body of `POST /sessions`; undefined: it is valid. */
function expectedCode(text: string): string | undefined {
  if (Buffer.byteLength(text) > 4_096) return 'body_too_large';
  let body: unknown;
  try {
    body = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return 'malformed_json';
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'malformed_json';
  const { uid, integration_id: integrationId, ...others } = body as Record<string, unknown>;
  if (Object.keys(others).length > 0) return 'unknown_property';
  if (typeof uid !== 'string' || !/^[A-Za-z0-9-]{5,60}$/.test(uid)) return 'invalid_uid';
  if (![undefined, null, simulatedCredentials.integrationId].includes(integrationId as string))
    return 'integration_mismatch';
  return undefined;
}

test('POST /sessions judges any body, broken JSON too, as the contract does, and only a valid uid reaches the vendor', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(bodyText, brokenJson), async (text) => {
      const callsBefore = service.vendor.requests.length;
      const response = await service.invoke('create-session', proxyEvent(text));
      const code = expectedCode(text);
      expect(response.body === '' ? undefined : JSON.parse(response.body).code).toBe(code);
      const calls = service.vendor.requests.slice(callsBefore);
      if (code !== undefined) expect(calls).toEqual([]);
      for (const { rawBody, accepted } of calls) {
        const { uid } = JSON.parse(text.replace(/^\ufeff/, ''));
        expect(JSON.parse(rawBody.toString()).uid).toBe(uid);
        // By the simulator's own code: key, signature over these bytes, uid and integration.
        expect(accepted).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('of everything sent in this file, only valid uids have reached the vendor', () => {
  const uids = service.vendor.requests.map(({ rawBody }) => JSON.parse(rawBody.toString()).uid);
  expect(uids.length).toBeGreaterThan(0);
  expect(uids.filter((uid) => !/^[A-Za-z0-9-]{5,60}$/.test(uid))).toEqual([]);
  expect(service.vendor.requests.filter(({ accepted }) => !accepted)).toEqual([]);
});
