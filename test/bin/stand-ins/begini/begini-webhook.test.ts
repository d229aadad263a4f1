import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  BeginiWebhook,
  type Delivery,
  readWebhookUrl,
  type WebhookMode,
  writeBody,
} from '../../../../bin/stand-ins/begini/begini-webhook.ts';
import { type LoopbackServer, readBody, startLoopbackServer } from '../../../../bin/stand-ins/loopback.ts';

const uid = 'QWERT-YUIOP-ASDFGH';
const bodyOf = (type: string) => ({ uid, integration_id: '1', event: { type, details: {} } });
const honest = (response: ServerResponse) => response.end('{}');

let receiver: LoopbackServer;
let webhook: BeginiWebhook;
let received: { headers: IncomingHttpHeaders; rawBody: string }[];
/** What the receiver answers, in turn; {@link honest} after the last. */
let answers: ((response: ServerResponse) => void)[];

beforeEach(async () => {
  received = [];
  answers = [];
  receiver = await startLoopbackServer({
    listener: async (request, response) => {
      const rawBody = String(await readBody(request, 10_000));
      received.push({ headers: request.headers, rawBody });
      (answers.shift() ?? honest)(response);
    },
  });
  webhook = new BeginiWebhook({ apiKeys: () => ['current', 'previous'], delayMs: 0, retryDelaysMs: [1, 1] });
  webhook.url = receiver.origin;
});
afterEach(async () => {
  webhook.close();
  await receiver.close();
});

const signatureOf = (rawBody: string, apiKey: string, algorithm = 'sha512') =>
  createHmac(algorithm, apiKey).update(rawBody).digest('hex');
const typesReceived = () => received.map(({ rawBody }) => JSON.parse(rawBody).event.type);

const sign = (rawBody: string) => signatureOf(rawBody, 'current');

test.each<[WebhookMode, sign: (rawBody: string) => string, header: string, difference: object]>([
  ['once', sign, 'x-signature', {}],
  ['previous-key', (rawBody) => signatureOf(rawBody, 'previous'), 'x-signature', {}],
  ['sha256', (rawBody) => signatureOf(rawBody, 'current', 'sha256'), 'x-signature', {}],
  ['old-header', sign, 'x-begini-signature', {}],
  ['other-integration', sign, 'x-signature', { integration_id: 'another-integration' }],
  ['unknown-type', sign, 'x-signature', { event: { type: 'simulated.unknown', details: {} } }],
])('posts JSON with the hex HMAC of its bytes, in the way %s', async (mode, signed, header, difference) => {
  webhook.mode = mode;
  await webhook.send([bodyOf('application.complete')]);
  expect(received).toHaveLength(1);
  const [{ headers, rawBody } = { headers: {}, rawBody: '' }] = received;
  expect(JSON.parse(rawBody)).toEqual({ ...bodyOf('application.complete'), ...difference });
  expect(headers['content-type']).toBe('application/json');
  const signatures = Object.entries(headers).filter(([name]) => name.endsWith('-signature'));
  expect(signatures).toEqual([[header, signed(rawBody)]]);
});

test.each(['wrong-key', 'altered-body'] as const)('sends bytes that no key has signed: %s', async (mode) => {
  webhook.mode = mode;
  await webhook.send([bodyOf('application.complete')]);
  const [{ headers, rawBody } = { headers: {}, rawBody: '' }] = received;
  const signatures = ['current', 'previous'].map((apiKey) => signatureOf(rawBody, apiKey));
  expect(signatures).not.toContain(headers['x-signature']);
  expect(headers['x-signature']).toMatch(/^[0-9a-f]{128}$/);
});

test.each<[string, (response: ServerResponse) => void, Delivery['outcome']]>([
  ['201', (response) => response.writeHead(201).end('{}'), 201],
  ['an empty 200', (response) => response.end(), '200 without a JSON body'],
  ['a 200 with text', (response) => response.end('ok'), '200 without a JSON body'],
  ['a redirect', (response) => response.writeHead(302, { Location: '/' }).end(), 302],
  ['500', (response) => response.writeHead(500).end(), 500],
  ['a broken connection', (response) => response.destroy(), 'no answer: UND_ERR_SOCKET'],
])('sends an event again after %s, and the next event after it', async (_, answer, outcome) => {
  answers = [answer];
  await webhook.send([bodyOf('application.complete'), bodyOf('psychometric_score.complete')]);
  expect(typesReceived()).toEqual([
    'application.complete',
    'application.complete',
    'psychometric_score.complete',
  ]);
  expect(webhook.deliveries).toEqual([
    { type: 'application.complete', outcome, delivered: false },
    { type: 'application.complete', outcome: 200, delivered: true },
    { type: 'psychometric_score.complete', outcome: 200, delivered: true },
  ]);
});

test('abandons an event after its last retry', async () => {
  answers = Array(3).fill((response: ServerResponse) => response.writeHead(500).end());
  await webhook.send([bodyOf('application.expired')]);
  expect(received).toHaveLength(3);
  expect(webhook.deliveries.some(({ delivered }) => delivered)).toBe(false);
});

test('says why a receiver did not answer, and never the uid', async () => {
  await receiver.close();
  await webhook.send([bodyOf('application.expired')]);
  expect(webhook.deliveries[0]).toEqual({
    type: 'application.expired',
    outcome: 'no answer: ECONNREFUSED',
    delivered: false,
  });
  expect(JSON.stringify(webhook.deliveries)).not.toContain(uid);
});

test('sends each event twice, as the same bytes, if it is told to', async () => {
  webhook.mode = 'twice';
  await webhook.send([bodyOf('application.complete'), bodyOf('psychometric_score.complete')]);
  const [first, second, third, fourth] = received.map(({ rawBody }) => rawBody);
  expect([second, fourth]).toEqual([first, third]);
  expect(received).toHaveLength(4);
});

test('never repeats an event if it is told so', async () => {
  webhook.mode = 'never-repeats';
  answers = [(response) => response.writeHead(503).end()];
  await webhook.send([bodyOf('application.complete')]);
  expect(webhook.deliveries).toMatchObject([{ outcome: 503, delivered: false }]);
});

test('sends bodies that change when they are parsed and written again', () => {
  const body = { ...bodyOf('a/é'), event: { type: 'a', details: { calculated: { score: 612 }, at: 1 } } };
  const written = writeBody(body);
  expect(written).toBe(
    `{"uid":"${uid}", "integration_id":"1", "event":{"type":"a", "details":{"calculated":{"score":612.0}, "at":1}}}`,
  );
  expect(writeBody('a/é\n"')).toBe(String.raw`"a\/\u00e9\n\""`);
  for (const each of [body, bodyOf('application.complete')]) {
    expect(JSON.parse(writeBody(each))).toEqual(each);
    const compact = JSON.stringify(each);
    const spaced = compact.replaceAll('":', '": ').replaceAll(',"', ', "');
    expect([compact, spaced, JSON.stringify(each, null, 2)]).not.toContain(writeBody(each));
  }
});

test('sends nothing without a URL, and nothing after it is closed', async () => {
  webhook.url = undefined;
  await webhook.send([bodyOf('application.complete')]);
  webhook.url = receiver.origin;
  webhook.close();
  await webhook.send([bodyOf('application.complete')]);
  expect(received).toEqual([]);
  expect(webhook.deliveries).toEqual([]);
});

test.each(['http://127.0.0.1:8081/', 'http://localhost:8081/results?from=begini'])('accepts %s', (url) => {
  expect(readWebhookUrl(url)).toBe(url);
});

test.each([
  'https://127.0.0.1:8081/',
  'http://lender.example/',
  'http://127.0.0.1.lender.example/',
  'http://localhost@lender.example/',
  'http://0.0.0.0:8081/',
  'http://[::1]:8081/',
  'file:///result',
  '8081',
])('refuses the WEBHOOK_URL %s', (url) => {
  expect(() => readWebhookUrl(url)).toThrow(
    'WEBHOOK_URL must be an http URL on 127.0.0.1 or localhost, such as http://127.0.0.1:8081/; it is "',
  );
});

test('leaves the webhook to the caller if WEBHOOK_URL is not set', () => {
  expect([readWebhookUrl(undefined), readWebhookUrl('')]).toEqual([undefined, undefined]);
});
