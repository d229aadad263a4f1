import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { version } from '../../../functions/version.ts';
import type { Service } from '../../support/service.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { simulatedCredentials } = await import('../../../bin/stand-ins/begini/begini-simulator.ts');
const { assessmentOrigin, secretName, startService, uidRefKey } = await import('../../support/service.ts');
afterAll(() => time.restore());

const uid = 'QWERT-67890-XY';
let service: Service;

/** The code of a problem; `service.post` has compared all of it with the contract. */
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;

const lastLine = () => JSON.parse(service.lines.at(-1) ?? '{}') as Record<string, unknown>;

describe('a good call', () => {
  beforeAll(async () => {
    service = await startService({ resume: false });
  });
  afterAll(() => service.close());

  test('answers 302 to the assessment, with an empty body', async () => {
    const response = await service.post({ uid });
    expect(response.status).toBe(302);
    expect(await response.text()).toBe('');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
    });
    const sent = service.vendor.requests.at(-1);
    expect(sent?.rawBody.toString()).toBe(
      `{"uid":"${uid}","integration_id":"${simulatedCredentials.integrationId}"}`,
    );
    expect(response.headers.get('location')).toMatch(
      new RegExp(`^${assessmentOrigin}/[\\w-]+\\.[\\w-]+\\.[\\w-]+$`),
    );
  });

  test('answers 201 with the url and its expiry if Accept names JSON', async () => {
    const response = await service.post({ uid }, { Accept: 'application/json' });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      url: expect.stringMatching(new RegExp(`^${assessmentOrigin}/[\\w-]+\\.[\\w-]+\\.[\\w-]+$`)),
      expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      resumed: false,
    });
  });

  test.each([
    ['application/json, text/plain, */*', 201],
    ['text/html, APPLICATION/JSON;q=0.8', 201],
    ['application/json;charset=utf-8', 201],
    ['application/json;seq=0', 201],
    ['application/json;q=0', 302],
    ['application/json ; q=0.0', 302],
    ['application/json;level=1;q=0.00', 302],
    ['*/*', 302],
    ['application/*', 302],
    ['application/jsonp', 302],
    ['text/html', 302],
    ['', 302],
  ])('answers Accept: %s with %d', async (accept, status) => {
    expect((await service.post({ uid }, { Accept: accept })).status).toBe(status);
  });

  test.each([
    [['Accept', 'application/json', 'Accept', '*/*'], 201],
    [['Accept', '*/*', 'Accept', 'application/json'], 201],
    [['accept', 'application/json', 'Accept', '*/*', 'ACCEPT', 'text/html'], 201],
    [['Accept', 'text/html', 'Accept', '*/*'], 302],
  ])('takes several lines of Accept for one list: %j', async (lines, status) => {
    const headers = [...lines, 'Content-Type', 'application/json', 'Host', new URL(service.url).host];
    const sent = request(service.url, { method: 'POST', headers }).end(JSON.stringify({ uid }));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(status);
  });

  test.each([
    ['of 5 characters', { uid: 'abc-1' }],
    ['of 60 characters', { uid: 'a1-'.repeat(20) }],
    ['with an integration_id of null', { uid, integration_id: null }],
    ['after a byte order mark', `\ufeff{"uid":"${uid}"}`],
    ['in a body of exactly 4,096 bytes', JSON.stringify({ uid }).padEnd(4_096)],
    [
      'with the stage’s own integration_id beside it',
      { uid, integration_id: simulatedCredentials.integrationId },
    ],
  ])('accepts a uid %s', async (_, body) => {
    expect((await service.post(body)).status).toBe(302);
  });

  test.each([
    'application/json; charset=utf-8',
    'application/json ; charset=utf-8',
    'application/json \t; charset=utf-8',
    'APPLICATION/JSON',
    'application/vnd.lender+json',
  ])('accepts the content type %s', async (contentType) => {
    expect((await service.post({ uid }, { 'Content-Type': contentType })).status).toBe(302);
  });
});

test.each([
  ['signed if HMAC is on', true, expect.stringMatching(/^[0-9a-f]{128}$/)],
  ['not signed if HMAC is off', false, undefined],
])('the call to the vendor is %s', async (_, hmac, signature) => {
  service = await startService({ hmac });
  expect((await service.post({ uid })).status).toBe(302);
  expect(service.vendor.requests[0]?.headers['x-signature']).toEqual(signature);
  await service.close();
});

describe('the request', () => {
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  const invalidUids = {
    'a missing uid': {},
    'a uid of null': { uid: null },
    'a uid that is a number': { uid: 1234567 },
    'a uid that is a list': { uid: [uid] },
    'a uid of 4 characters': { uid: 'abc1' },
    'a uid of 61 characters': { uid: 'a'.repeat(61) },
    'a uid with a line break at its end': { uid: 'abc123\n' },
    'an e-mail address': { uid: 'ana@example.com' },
    'an emoji': { uid: 'abcde😀' },
  };

  test.each([
    ...Object.entries(invalidUids).map(([name, body]) => [name, body, 422, 'invalid_uid'] as const),
    ['no JSON', 'uid=QWERT', 422, 'malformed_json'],
    ['half of a JSON body', '{"uid":', 422, 'malformed_json'],
    ['no body', '', 422, 'malformed_json'],
    ['a null body', 'null', 422, 'malformed_json'],
    ['a list', [{ uid }], 422, 'malformed_json'],
    ['a string', '"ABCDE-12345"', 422, 'malformed_json'],
    ['a forbidden key', `{"uid":"${uid}","__proto__":{"admin":true}}`, 422, 'malformed_json'],
    ['a second property', { uid, name: 'Ana' }, 422, 'unknown_property'],
    ['a second property with an invalid uid', { uid: '', name: 'Ana' }, 422, 'unknown_property'],
    [
      'another stage’s integration_id',
      { uid, integration_id: 'simulated-integration-2' },
      422,
      'integration_mismatch',
    ],
    ['an integration_id of another type', { uid, integration_id: 1 }, 422, 'integration_mismatch'],
    ['a body of 4,097 bytes', JSON.stringify({ uid }).padEnd(4_097), 413, 'body_too_large'],
    ['a body of 1 MB', 'x'.repeat(1_000_000), 413, 'body_too_large'],
  ] as const)('answers %s without calling the vendor', async (_, body, status, code) => {
    const response = await service.post(body);
    expect(response.status).toBe(status);
    expect(await codeOf(response)).toBe(code);
    expect(service.vendor.requests).toHaveLength(0);
    expect(lastLine()).toMatchObject({ level: 'WARN', outcome: 'caller_error', code, vendorAttempts: 0 });
  });

  test.each([
    ...['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', ''].map((type) => [
      'Type',
      type,
    ]),
    ...['gzip', 'br', 'identity, gzip', 'unknown'].map((encoding) => ['Encoding', encoding]),
  ])('answers the header Content-%s: %j with 415, without calling the vendor', async (name, value) => {
    const response = await service.post({ uid }, { [`Content-${name}`]: value });
    expect(response.status).toBe(415);
    expect(await codeOf(response)).toBe('unsupported_media_type');
    expect(service.vendor.requests).toHaveLength(0);
  });

  test('checks the size before the type, and the type before the JSON', async () => {
    const text = { 'Content-Type': 'text/plain' };
    expect((await service.post('x'.repeat(5_000), text)).status).toBe(413);
    expect((await service.post('{', text)).status).toBe(415);
  });
});

describe('the credentials', () => {
  afterEach(() => service.close());

  test.each([
    ['the sentinel', '{"apiKey":"UNSET","integrationId":"UNSET"}'],
    ['no JSON', 'my-key'],
    ['no integration id', '{"apiKey":"my-key"}'],
  ])(
    'answers 503 without calling the vendor while the secret holds %s, and tells the operator',
    async (_, secret) => {
      service = await startService({ secret });
      const response = await service.post({ uid });
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('60');
      expect(await codeOf(response)).toBe('credentials_not_set');
      expect(service.vendor.requests).toHaveLength(0);
      expect(lastLine()).toMatchObject({
        level: 'ERROR',
        code: 'credentials_not_set',
        action: expect.stringContaining('npm run rotate'),
      });
    },
  );

  test('answers 503 without calling the vendor while Secrets Manager fails', async () => {
    service = await startService();
    service.secretsManager.fail({ statusCode: 400, errorName: 'AccessDeniedException' });
    const response = await service.post({ uid });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await codeOf(response)).toBe('secrets_unavailable');
    expect(service.vendor.requests).toHaveLength(0);
    expect(lastLine()).toMatchObject({ code: 'secrets_unavailable', reason: 'AccessDeniedException' });
  });

  test.each([401, 403])(
    'answers 503 if the vendor refuses the credentials with %d, after one forced read',
    async (status) => {
      service = await startService();
      service.vendor.setFault({ fault: 'status', status });
      const response = await service.post({ uid });
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('15');
      expect(await codeOf(response)).toBe('credentials_refused');
      expect(service.vendor.requests).toHaveLength(1);
      expect(service.secretsManager.requests).toHaveLength(2);
      expect(lastLine()).toMatchObject({ level: 'ERROR', code: 'credentials_refused', vendorStatus: status });

      expect(await codeOf(await service.post({ uid }))).toBe('credentials_refused');
      expect(service.vendor.requests).toHaveLength(1);
    },
  );

  test('answers at its deadline if Secrets Manager hangs after the vendor has refused the credentials', async () => {
    service = await startService({ timeoutMs: 4_050, secretTries: 2, resume: false });
    await service.warmUp();
    service.vendor.setFault({ fault: 'status', status: 401 });
    service.secretsManager.fail('hang');
    expect(await codeOf(await service.post({ uid }))).toBe('credentials_refused');
    // A second of Lambda's time is reserved; two tries to read the secret would take longer.
    expect(lastLine().durationMs).toBe(3_050);
  });

  test('forgets a refusal at any other answer of the vendor: it has accepted the key', async () => {
    service = await startService({ resume: false });
    for (const status of [200, 302, 400, 404, 422, 429, 500, 503]) {
      service.vendor.setFault({ fault: 'status', status: 401 });
      await service.post({ uid });
      service.advance(15_000);
      service.vendor.setFault({ fault: 'status', status });
      await service.post({ uid });
      const before = service.vendor.requests.length;
      await service.post({ uid });
      expect([status, service.vendor.requests.length]).toEqual([status, before + 1]);
    }
  });

  test('calls once more, with a new signature, if the secret was renewed meanwhile', async () => {
    service = await startService({ resume: false });
    await service.post({ uid });
    const next = { apiKey: 'renewed-key', integrationId: 'renewed-integration' };
    service.vendor.changeCredentials(next);
    const versionId = service.secretsManager.putValue(secretName, JSON.stringify(next));
    expect((await service.post({ uid })).status).toBe(302);
    expect(service.vendor.requests.map(({ status }) => status)).toEqual([200, 401, 200]);
    expect(service.vendor.requests[2]?.rawBody.toString()).toBe(
      `{"uid":"${uid}","integration_id":"renewed-integration"}`,
    );
    expect(lastLine()).toMatchObject({ vendorAttempts: 2, secretReads: 1, secretVersionId: versionId });
  });

  test('calls at most twice, even if the secret is renewed again and again', async () => {
    service = await startService({ resume: false });
    await service.post({ uid });
    service.vendor.changeCredentials({ apiKey: 'a-third-key', integrationId: '3' });
    service.secretsManager.putValue(
      secretName,
      JSON.stringify({ apiKey: 'a-second-key', integrationId: '2' }),
    );
    expect(await codeOf(await service.post({ uid }))).toBe('credentials_refused');
    expect(service.vendor.requests).toHaveLength(3);
    expect(await codeOf(await service.post({ uid }))).toBe('credentials_refused');
    expect(service.vendor.requests).toHaveLength(3);
  });
});

describe('the vendor', () => {
  afterEach(() => service.close());

  /** The vendor has another pair than the function, which the secret has already. */
  async function renew(next: object): Promise<void> {
    await service.post({ uid: 'another-applicant' });
    const renewed = { ...simulatedCredentials, apiKey: 'renewed-key', ...next };
    service.vendor.changeCredentials(renewed);
    service.secretsManager.putValue(secretName, JSON.stringify(renewed));
  }

  test.each([
    ['the same integration', {}],
    ['another integration', { integrationId: 'another-integration' }],
  ])(
    'has 8 s for all calls of one request together, if a refused pair is replaced by one of %s',
    async (_, next) => {
      service = await startService();
      await renew(next);
      service.vendor.setFault({ fault: 'slow', delayMs: 4_500 });
      const response = await service.post({ uid });
      expect(await codeOf(response)).toBe('vendor_timeout');
      expect(lastLine()).toMatchObject({ vendorAttempts: 2 });
      expect(lastLine().vendorMs).toBeLessThanOrEqual(8_050);
    },
  );

  test('answers credentials_refused if it refused the pair and no time is left to call it with the next one', async () => {
    service = await startService({ timeoutMs: 7_000 });
    await renew({});
    service.vendor.setFault({ fault: 'slow', delayMs: 2_500 });
    const response = await service.post({ uid });
    expect(await codeOf(response)).toBe('credentials_refused');
    expect(lastLine()).toMatchObject({ vendorAttempts: 1, vendorStatus: 401 });
  });

  test.each([
    [{ fault: 'status', status: 429, retryAfter: 7 }, 503, 'vendor_busy', '7'],
    [{ fault: 'status', status: 429 }, 503, 'vendor_busy', '30'],
    [{ fault: 'status', status: 503, retryAfter: 7 }, 502, 'vendor_error', null],
  ] as const)('answers the vendor’s %j with %d %s', async (fault, status, code, retryAfter) => {
    service = await startService();
    service.vendor.setFault(fault);
    const response = await service.post({ uid });
    expect(response.status).toBe(status);
    expect(await codeOf(response)).toBe(code);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect(service.vendor.requests).toHaveLength(1);
    expect(lastLine()).toMatchObject({ level: 'WARN', outcome: 'vendor_error', code, vendorAttempts: 1 });
  });

  test('logs that a call was not started because too little time was left', async () => {
    service = await startService({ timeoutMs: 3_500 });
    expect(await codeOf(await service.post({ uid }))).toBe('vendor_unreachable');
    expect(lastLine()).toMatchObject({ reason: 'NotStarted', vendorAttempts: 0 });
    expect(service.vendor.requests).toHaveLength(0);
  });
});

test('writes one line of JSON per request, with only the documented fields', async () => {
  service = await startService();
  const response = await service.post({ uid });
  await service.post({ uid });
  expect(service.lines).toHaveLength(2);
  expect(service.lines[0]).toMatch(/^\{.*\}\n$/);
  expect(JSON.parse(service.lines[0] ?? '')).toEqual({
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    level: 'INFO',
    message: 'request',
    stage: 'test',
    version,
    route: 'POST /sessions',
    outcome: 'session_created',
    statusCode: 302,
    durationMs: expect.any(Number),
    requestId: response.headers.get('x-request-id'),
    lambdaRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    coldStart: true,
    vendorAttempts: 1,
    vendorMs: expect.any(Number),
    vendorStatus: 200,
    secretReads: 1,
    secretVersionId: expect.any(String),
    storeCalls: 2,
    storeMs: expect.any(Number),
    uidRef: createHmac('sha256', uidRefKey).update(uid).digest('hex').slice(0, 12),
  });
  expect(lastLine()).toMatchObject({ coldStart: false, secretReads: 0 });
  await service.close();
});
