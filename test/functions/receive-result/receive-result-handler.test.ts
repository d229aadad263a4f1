import { createHash, createHmac } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { lambdaContext } from '../../../bin/stand-ins/gateway/gateway-event.ts';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { securityHeaders } from '../../../functions/http/security-headers.ts';
import { KeepAliveAgent } from '../../../functions/keep-alive-agent.ts';
import { createReceiveResultHandler } from '../../../functions/receive-result/receive-result-handler.ts';
import { ResultKeys } from '../../../functions/receive-result/result-keys.ts';
import { ResultQueues } from '../../../functions/receive-result/result-queues.ts';
import { bodyText, brokenJson, planted } from '../../support/hostile-input.ts';

const secretsManager = mockClient(SecretsManagerClient);
const sqs = mockClient(SQSClient);

const settings = {
  stage: 'test',
  credentialsSecretArn: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:credentials-AbCdEf',
  uidRefKey: 'key-of-the-pseudonyms',
  resultsQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111111111111/results',
  setAsideQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111111111111/set-aside',
  previousKeyDays: 7,
};
const dayMs = 86_400_000;
const current = { apiKey: 'PLANTED-current-key', integrationId: 'integration-1' };
const previous = { apiKey: 'PLANTED-previous-key', integrationId: 'integration-0' };
const uid = 'PLANTED-uid-4711';
/** It changes when it is parsed and written again. */
const score = `{ "uid": "${uid}", "integration_id": "integration-1", "event": {"type": "psychometric_score.complete", "details": {"calculated": {"score": 71.0, "note": "PLANTED \\u00e9 é"}}} }`;

/** The time of the service: one day after the last renewal. */
let now: number;
let lines: string[];

beforeEach(() => {
  secretsManager.reset();
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({});
  now = Date.parse('2026-11-27T10:00:00Z');
  lines = [];
  holds();
});

const named = (name: string) => Object.assign(new Error(`the key is ${current.apiKey}`), { name });

type Version = { value?: object; labels?: string[]; ageDays?: number };

/** What the secret holds; a previous version of `undefined` does not exist. */
function holds({ value = current, ageDays = 1, labels = [] }: Version = {}, before?: Version): void {
  const createdAt = new Date(now - ageDays * dayMs);
  const on = (VersionStage: string) => secretsManager.on(GetSecretValueCommand, { VersionStage });
  const answer = (versionId: string, secret: object, labels: string[]) => ({
    VersionId: versionId,
    SecretString: JSON.stringify(secret),
    CreatedDate: createdAt,
    VersionStages: labels,
  });
  on('AWSCURRENT').resolves(
    answer(`version-of-${JSON.stringify(value).length}`, value, ['AWSCURRENT', ...labels]),
  );
  if (!before) on('AWSPREVIOUS').rejects(named('ResourceNotFoundException'));
  else
    on('AWSPREVIOUS').resolves(
      answer('version-before', before.value ?? previous, ['AWSPREVIOUS', ...(before.labels ?? [])]),
    );
}

/** Starts a function, with its own memory. */
function startReceiver(changes: { previousKeyDays?: number } = {}) {
  const all = { ...settings, ...changes };
  const region = 'eu-west-1';
  const keys = new ResultKeys({
    client: new SecretsManagerClient({ region }),
    settings: all,
    now: () => now,
  });
  const agent = new KeepAliveAgent();
  const queues = new ResultQueues({ client: new SQSClient({ region }), agent, settings: all });
  const writeLine = (line: string) => lines.push(line);
  const handler = createReceiveResultHandler({ settings: all, keys, queues, writeLine, now: () => now });
  return async (event: APIGatewayProxyEvent) => {
    const response = await handler(event, lambdaContext('lambda-request', Date.now() + 14_000));
    expect(response.headers).toMatchObject(securityHeaders);
    return { status: response.statusCode, headers: response.headers, body: JSON.parse(response.body) };
  };
}

const hmac = (body: string | Buffer, { apiKey = current.apiKey, algorithm = 'sha512' } = {}) =>
  createHmac(algorithm, apiKey).update(body).digest('hex');

/** The event of a webhook call with this body. */
function call(body: string | Buffer, headers: Record<string, string | string[]> = {}): APIGatewayProxyEvent {
  return proxyEvent(typeof body === 'string' ? body : body.toString('base64'), {
    resource: '/webhooks/begini',
    headers: {},
    multiValueHeaders: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value].flat()]),
    ),
    isBase64Encoded: typeof body !== 'string',
  });
}
const signed = (body: string | Buffer, by: Parameters<typeof hmac>[1] = {}) =>
  call(body, { 'X-Signature': hmac(body, by) });

/** The messages that were sent, each with the queue that it went to. */
const sent = () =>
  sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => ({
    queue: input.QueueUrl?.split('/').at(-1),
    body: input.MessageBody,
    attributes: Object.fromEntries(
      Object.entries(input.MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]),
    ),
  }));
const reads = () => secretsManager.commandCalls(GetSecretValueCommand).length;
const line = () => JSON.parse(lines.at(-1) ?? '');

describe('a signed result', () => {
  test('is answered 200 {} once it is in the queue, as the bytes that came', async () => {
    const { status, headers, body } = await startReceiver()(signed(score));
    expect([status, body, headers?.['Content-Type']]).toEqual([200, {}, 'application/json']);
    expect(sent()).toEqual([
      {
        queue: 'results',
        body: score,
        attributes: {
          id: createHash('sha256').update(score).digest('hex'),
          receivedAt: '2026-11-27T10:00:00.000Z',
          stage: 'test',
          integrationId: 'integration-1',
          eventType: 'psychometric_score.complete',
          keyVersion: expect.stringMatching(/^version-of-/),
        },
      },
    ]);
    expect(line()).toMatchObject({
      level: 'INFO',
      outcome: 'result_stored',
      eventType: 'psychometric_score.complete',
      resultId: sent()[0]?.attributes.id?.slice(0, 8),
      uidRef: createHmac('sha256', settings.uidRefKey).update(uid).digest('hex').slice(0, 12),
      verifiedBy: 'current',
      signature: 'sha512',
    });
  });

  test.each<[string, () => APIGatewayProxyEvent]>([
    ['in upper case', () => call(score, { 'X-Signature': hmac(score).toUpperCase() })],
    ['in SHA-256', () => signed(score, { algorithm: 'sha256' })],
    ['in the older header', () => call(score, { 'x-begini-signature': hmac(score) })],
    ['in a header of another case', () => call(score, { 'x-SIGNATURE': hmac(score) })],
    [
      'beside three others',
      () => call(score, { 'X-Signature': ['', 'a'.repeat(127), 'a'.repeat(128), hmac(score)] }),
    ],
    ['in one line with others', () => call(score, { 'X-Signature': `${'a'.repeat(64)}, ${hmac(score)}` })],
    [
      'in a header without several values',
      () => ({ ...signed(score), multiValueHeaders: null as never, headers: { 'X-Signature': hmac(score) } }),
    ],
    ['over a body in base64', () => signed(Buffer.from(score))],
  ])('is accepted with its signature %s', async (_where, event) => {
    expect((await startReceiver()(event())).status).toBe(200);
    expect(sent()).toEqual([expect.objectContaining({ queue: 'results', body: score })]);
  });

  test.each([
    ['without an integration id', { uid, event: { type: 'application.complete' } }, 'application.complete'],
    ['of an unknown type', { uid, event: { type: `${planted}.new`, details: {} } }, 'other'],
    ['with an integration id of null', { uid, integration_id: null, event: { type: '' } }, 'other'],
    [
      'with a uid of 10 kB',
      { uid: 'x'.repeat(10_000), event: { type: 'application.expired' } },
      'application.expired',
    ],
  ])('is an ordinary result %s', async (_what, event, eventType) => {
    const body = JSON.stringify(event);
    expect((await startReceiver()(signed(body))).status).toBe(200);
    expect(sent()).toMatchObject([{ queue: 'results', body, attributes: { eventType } }]);
  });

  test('of exactly 128 KiB is accepted', async () => {
    const body = score.padEnd(128 * 1024 - 2); // Two é have two bytes each, the escape none.
    const bytes = Buffer.from(body).subarray(0, 128 * 1024);
    expect((await startReceiver()(signed(bytes))).status).toBe(200);
    expect(sent()).toHaveLength(1);
  });

  test.each([`ROTCHK${'0a'.repeat(16)}`, `DOCTOR${'0a'.repeat(10)}`])(
    'of the service’s own test %s is ignored',
    async (uid) => {
      const body = JSON.stringify({ uid, event: { type: 'application.expired' } });
      expect(await startReceiver()(signed(body))).toMatchObject({ status: 200, body: {} });
      expect(sent()).toEqual([]);
      expect(line()).toMatchObject({ level: 'INFO', outcome: 'result_ignored' });
    },
  );
});

describe('a signed event that is no result of this stage is set aside:', () => {
  const unreadable = 'result_unreadable';
  const foreign = 'result_foreign';
  const event = { type: 'application.complete' };
  const resultWith = (more: object) => JSON.stringify({ uid, event, ...more });

  test.each<[string, string | Buffer, string, 'text' | 'base64' | 'empty']>([
    ['an empty body', '', unreadable, 'empty'],
    ['not JSON', `${planted} {`, unreadable, 'text'],
    ['an array', '[]', unreadable, 'text'],
    ['null', 'null', unreadable, 'text'],
    ['deep nesting', '['.repeat(100_000), unreadable, 'text'],
    ['without a uid', JSON.stringify({ event }), unreadable, 'text'],
    ['a uid that is a number', resultWith({ uid: 4711 }), unreadable, 'text'],
    ['without an event', JSON.stringify({ uid }), unreadable, 'text'],
    ['an event that is text', resultWith({ event: 'complete' }), unreadable, 'text'],
    ['a type that is a number', resultWith({ event: { type: 5 } }), unreadable, 'text'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), unreadable, 'base64'],
    ['a character that the queue refuses', resultWith({ note: '\uffff' }), unreadable, 'base64'],
    ['a null character', '\u0000', unreadable, 'base64'],
    ['another integration', resultWith({ integration_id: 'integration-2' }), foreign, 'text'],
    ['an integration id that is a number', resultWith({ integration_id: 1 }), foreign, 'text'],
  ])('%s', async (_what, body, reason, form) => {
    expect(await startReceiver()(signed(body))).toMatchObject({ status: 200, body: {} });
    const bytes = Buffer.from(body);
    const bodies = { text: bytes.toString(), base64: bytes.toString('base64'), empty: '(empty)' };
    const id = createHash('sha256').update(bytes).digest('hex');
    expect(sent()).toMatchObject([{ queue: 'set-aside', body: bodies[form], attributes: { reason, id } }]);
    expect(sent()[0]?.attributes.encoding).toBe(form === 'text' ? undefined : form);
    expect(line()).toMatchObject({ level: 'INFO', outcome: 'result_set_aside', code: reason });
  });

  test('but a byte order mark stays, and the rest is read', async () => {
    await startReceiver()(signed(`\ufeff${score}`));
    expect(sent()).toMatchObject([{ queue: 'results', body: `\ufeff${score}` }]);
  });
});

describe('an unsigned event', () => {
  test.each<[string, Record<string, string | string[]>]>([
    ['no signature', {}],
    ['127 hex digits', { 'X-Signature': hmac(score).slice(1) }],
    ['129 hex digits', { 'X-Signature': `${hmac(score)}0` }],
    ['128 characters that are not hex', { 'X-Signature': `${hmac(score).slice(1)}g` }],
    ['five signatures, a valid one among them', { 'X-Signature': Array(5).fill(hmac(score)) }],
    [
      'three in one header and two in the other',
      { 'X-Signature': Array(3).fill(hmac(score)), 'X-Begini-Signature': Array(2).fill(hmac(score)) },
    ],
    ['its signature in another header', { 'X-Hub-Signature': hmac(score) }],
  ])('with %s is refused without reading the secret', async (_what, headers) => {
    expect(await startReceiver()(call(score, headers))).toMatchObject({
      status: 401,
      body: { code: 'signature_invalid' },
    });
    expect([sent(), reads()]).toEqual([[], 0]);
    expect(line()).toMatchObject({ level: 'WARN', outcome: 'caller_error', code: 'signature_invalid' });
  });

  test.each<[string, () => APIGatewayProxyEvent, boolean]>([
    ['of other bytes', () => call(`${score} `, { 'X-Signature': hmac(score) }), true],
    ['by another key', () => signed(score, { apiKey: 'another' }), true],
    ['by the text UNSET', () => signed(score, { apiKey: 'UNSET' }), true],
    [
      'of the body written again',
      () => call(JSON.stringify(JSON.parse(score)), { 'X-Signature': hmac(score) }),
      true,
    ],
    [
      'by another key, of another integration',
      () => signed('{"integration_id":"x"}', { apiKey: 'another' }),
      false,
    ],
    ['by another key, of what is not JSON', () => signed('{', { apiKey: 'another' }), false],
  ])('with a signature %s is refused after one more read', async (_what, event, claimsIntegration) => {
    expect((await startReceiver()(event())).body).toMatchObject({ code: 'signature_invalid' });
    expect(sent()).toEqual([]);
    expect(reads()).toBe(4); // Twice both versions.
    expect(line()).toMatchObject({ code: 'signature_invalid', claimsIntegration, signature: 'sha512' });
    expect(line()).not.toHaveProperty('uidRef');
  });

  test('without a signature still counts as one of this stage if the pair in memory says so', async () => {
    const receive = startReceiver();
    await receive(signed(score));
    await receive(call(score));
    expect(line()).toMatchObject({ code: 'signature_invalid', claimsIntegration: true });
    expect(reads()).toBe(2);
  });

  test('above 128 KiB is too large, even with a signature', async () => {
    expect(await startReceiver()(signed('x'.repeat(128 * 1024 + 1)))).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
    expect([sent(), reads()]).toEqual([[], 0]);
  });
});

describe('through a renewal', () => {
  const fromBefore = JSON.stringify({
    uid,
    integration_id: previous.integrationId,
    event: { type: 'application.complete' },
  });

  test('the previous key verifies results of its own integration, which are ordinary ones', async () => {
    holds({}, {});
    expect((await startReceiver()(signed(fromBefore, previous))).status).toBe(200);
    expect(sent()).toMatchObject([
      { queue: 'results', attributes: { integrationId: 'integration-0', keyVersion: 'version-before' } },
    ]);
    expect(line()).toMatchObject({ verifiedBy: 'previous', secretVersionId: 'version-before' });
  });

  test('the current key makes no ordinary result of one of the former integration', async () => {
    holds({}, {});
    expect((await startReceiver()(signed(fromBefore))).status).toBe(200);
    expect(sent()).toMatchObject([{ queue: 'set-aside', attributes: { reason: 'result_foreign' } }]);
  });

  test('the key in use verifies results although it is marked as compromised', async () => {
    holds({ labels: ['BEGINI_COMPROMISED'] });
    expect((await startReceiver()(signed(score))).status).toBe(200);
  });

  test('one key of two integrations verifies the results of both', async () => {
    holds({}, { value: { ...previous, apiKey: current.apiKey } });
    await startReceiver()(signed(fromBefore));
    expect(sent()).toMatchObject([{ queue: 'results', attributes: { integrationId: 'integration-0' } }]);
  });

  test.each<[string, Version, Version, number, number]>([
    ['just before previousKeyDays are over', { ageDays: 6.99 }, {}, 7, 200],
    ['once previousKeyDays are over', { ageDays: 7 }, {}, 7, 401],
    ['with previousKeyDays of 0', { ageDays: 0 }, {}, 0, 401],
    ['once it is labelled as compromised', {}, { labels: ['BEGINI_COMPROMISED'] }, 7, 401],
    ['if it is the sentinel', {}, { value: { apiKey: 'UNSET', integrationId: 'UNSET' } }, 7, 401],
  ])('the previous key %s', async (_when, version, before, previousKeyDays, status) => {
    holds(version, before);
    const by = { apiKey: (before.value as typeof previous | undefined)?.apiKey ?? previous.apiKey };
    expect((await startReceiver({ previousKeyDays })(signed(fromBefore, by))).status).toBe(status);
    expect(sent()).toHaveLength(status === 200 ? 1 : 0);
  });

  test('a previous key that was compromised is refused within a minute', async () => {
    holds({}, {});
    const receive = startReceiver();
    expect((await receive(signed(fromBefore, previous))).status).toBe(200);
    holds({}, { labels: ['BEGINI_COMPROMISED'] });
    now += 60_000;
    expect((await receive(signed(fromBefore, previous))).status).toBe(401);
  });

  test('a key that was read a minute ago verifies nothing while the secret cannot be read', async () => {
    const receive = startReceiver();
    await receive(signed(score));
    secretsManager.on(GetSecretValueCommand).rejects(named('InternalServiceError'));
    now += 60_000;
    expect((await receive(signed(score))).body.code).toBe('secrets_unavailable');
  });

  test('neither a staged nor a pending pair is read', async () => {
    holds({}, {});
    await startReceiver()(signed(score, { apiKey: 'another' }));
    const labels = secretsManager
      .commandCalls(GetSecretValueCommand)
      .map(({ args: [{ input }] }) => input.VersionStage);
    expect(new Set(labels)).toEqual(new Set(['AWSCURRENT', 'AWSPREVIOUS']));
  });
});

test('asks Begini to send again if the queue does not accept the result, after a second try', async () => {
  sqs.on(SendMessageCommand).rejects(named('KmsThrottled'));
  expect(await startReceiver()(signed(score))).toMatchObject({
    status: 503,
    headers: { 'Retry-After': '5' },
    body: { code: 'results_unavailable' },
  });
  expect(sent()).toHaveLength(2);
  expect(line()).toMatchObject({ level: 'ERROR', code: 'results_unavailable', reason: 'KmsThrottled' });
});

test('any body that is signed is in exactly one queue, byte for byte; none of it, nor a key, its signature or its whole id, is in a line', async () => {
  const receive = startReceiver();
  await fc.assert(
    fc.asyncProperty(fc.oneof(bodyText, brokenJson), async (text) => {
      sqs.resetHistory();
      const bytes = Buffer.from(text);
      const { status, body } = await receive(signed(bytes));
      expect([status, body]).toEqual([200, {}]);
      expect(sent()).toHaveLength(1);
      const [{ body: stored = '', attributes } = { attributes: {} as Record<string, string> }] = sent();
      const kept = attributes.encoding === 'base64' ? Buffer.from(stored, 'base64') : Buffer.from(stored);
      expect(attributes.encoding === 'empty' ? Buffer.alloc(0) : kept).toEqual(bytes);
      expect(JSON.stringify(attributes)).not.toContain(planted);
      for (const secret of [hmac(bytes), attributes.id]) expect(lines.at(-1)).not.toContain(secret);
    }),
    { numRuns: 200 },
  );
  for (const text of [planted, current.apiKey]) expect(lines.join('')).not.toContain(text);
});
