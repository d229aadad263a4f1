import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { TableFault } from '../../../bin/stand-ins/dynamodb/dynamodb.ts';
import { sealSession, sessionKey } from '../../../functions/session-store/sealed-session.ts';
import type { Service } from '../../support/service.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { setImmediate: nextTurn } = await import('node:timers/promises');
const { simulatedCredentials } = await import('../../../bin/stand-ins/begini/begini-simulator.ts');
const { makeAccessToken } = await import('../../../bin/stand-ins/begini/begini-token.ts');
const { checkedFetch } = await import('../../support/checked-fetch.ts');
const { secretName, startService, uidRefKey } = await import('../../support/service.ts');
afterAll(() => time.restore());

const uid = 'QWERT-67890-XY';
let service: Service;

afterEach(() => service.close());

const json = { Accept: 'application/json' };
const lastLine = () => JSON.parse(service.lines.at(-1) ?? '{}') as Record<string, unknown>;
const locationOf = (response: Response) => response.headers.get('location');
const hour = 3_600_000;

/** Hands the applicant over, and returns the location; fails if the answer is not a redirect. */
async function handOver(ownUid = uid): Promise<string> {
  const response = await service.post({ uid: ownUid });
  expect(response.status).toBe(302);
  return locationOf(response) ?? '';
}

async function tap(link: string): Promise<string> {
  const response = await checkedFetch(link, {
    method: 'POST',
    redirect: 'manual',
    headers: { Accept: 'text/html' },
  });
  expect(response.status).toBe(302);
  return locationOf(response) ?? '';
}

/** Hands the applicant over, and lets `act` happen once Begini was called, which takes `delayMs`. */
async function handOverWhile(act: () => unknown, delayMs = 50): Promise<string> {
  service.vendor.setFault({ fault: 'slow', delayMs, times: 1 });
  const answering = handOver();
  while (service.vendor.requests.length === 0) await nextTurn();
  await act();
  return await answering;
}

/** Gives Begini and the secret the same new pair. */
function renewPair(changes = {}): void {
  const next = { ...simulatedCredentials, apiKey: 'renewed-key', ...changes };
  service.vendor.changeCredentials(next);
  service.secretsManager.putValue(secretName, JSON.stringify(next));
}

const keyOf = (ownUid: string, integrationId = simulatedCredentials.integrationId) => ({
  S: sessionKey(ownUid, integrationId, uidRefKey),
});

/** Overwrites attributes of the applicant's item. */
async function changeItem(changes: object): Promise<void> {
  const [item] = await service.dynamoDb.items();
  await service.dynamoDb.run('PutItem', {
    TableName: service.dynamoDb.tableName,
    Item: { ...item, ...changes },
  });
}

/** A claim of a function that died at this moment. */
async function leaveClaim(): Promise<void> {
  const now = Date.now();
  await service.dynamoDb.run('PutItem', {
    TableName: service.dynamoDb.tableName,
    Item: {
      pk: keyOf(uid),
      state: { S: 'creating' },
      claim: { S: 'of-a-dead-function' },
      claimedUntil: { N: String(now + 12_000) },
      expiresAt: { N: String(Math.floor(now / 1000) + 3_600) },
    },
  });
}

const tableRow = () => ({ TableName: service.dynamoDb.tableName, Key: { pk: keyOf(uid) } });

const problemCode = async (response: Response) => ((await response.json()) as { code?: string }).code;

describe('the same session', () => {
  test('answers a second call, and says so', async () => {
    service = await startService();
    const first = await handOver();
    expect(lastLine()).toMatchObject({ outcome: 'session_created', storeCalls: 2 });
    expect(await handOver()).toBe(first);
    expect(lastLine()).toMatchObject({ outcome: 'session_resumed', storeCalls: 1, vendorAttempts: 0 });
    const again = (await (await service.post({ uid }, json)).json()) as Record<string, unknown>;
    expect(again).toEqual({ url: first, expires_at: expect.stringMatching(/Z$/), resumed: true });
    expect(service.vendor.requests).toHaveLength(1);
  });

  test('answers eight calls at once in eight environments', async () => {
    service = await startService({ environments: 8 });
    service.vendor.setFault({ fault: 'slow', delayMs: 300 });
    const locations = await Promise.all(Array.from({ length: 8 }, () => handOver()));
    expect(new Set(locations).size).toBe(1);
    expect(service.vendor.requests).toHaveLength(1);
  });

  test('stays if its claim reaches the table late, or once more', async () => {
    service = await startService();
    const first = await handOver();
    const [claim] = service.dynamoDb.calls;
    expect(claim?.input).toMatchObject({ Item: { state: { S: 'creating' } } });
    await expect(service.dynamoDb.run('PutItem', claim?.input ?? {})).rejects.toThrow(
      'ConditionalCheckFailedException',
    );
    expect(await handOver()).toBe(first);
  });

  test('answers a second call after the caller lost the answer', async () => {
    service = await startService({ environments: 2 });
    service.vendor.setFault({ fault: 'slow', delayMs: 300 });
    const lost = AbortSignal.timeout(100);
    await checkedFetch(service.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ uid }),
      signal: lost,
    }).catch(() => undefined);
    expect(lost.aborted).toBe(true);
    await handOver();
    expect(lastLine()).toMatchObject({ outcome: 'session_resumed' });
    expect(service.vendor.requests).toHaveLength(1);
  });

  test('answers a link of the same uid, and each of its taps', async () => {
    service = await startService({ environments: 3 });
    const first = await handOver();
    const link = await service.makeLink(uid);
    expect(await Promise.all([tap(link), tap(link), tap(link)])).toEqual([first, first, first]);
    expect(service.vendor.requests).toHaveLength(1);
  });

  test('answers while Begini refuses the key, and other applicants get the refusal', async () => {
    service = await startService();
    const first = await handOver();
    service.vendor.setFault({ fault: 'status', status: 401 });
    expect(await problemCode(await service.post({ uid: 'another-applicant' }))).toBe('credentials_refused');
    expect(await handOver()).toBe(first);
    expect(await problemCode(await service.post({ uid: 'another-applicant' }))).toBe('credentials_refused');
  });

  test.each([1, 2])('answers after a renewal of the API key, with %d environments', async (environments) => {
    service = await startService({ environments });
    const first = await handOver();
    renewPair();
    service.advance(400_000);
    for (let times = 0; times < 4; times += 1) expect(await handOver()).toBe(first);
    expect(service.vendor.requests).toHaveLength(1);
  });

  test('reads both versions of the secret once if it does not know the key of an item', async () => {
    service = await startService({ environments: 2 });
    const first = await handOver();
    renewPair();
    expect(await handOver()).toBe(first); // The second environment starts with the renewed key.
    const reads = service.secretsManager.requests.length;
    await handOver();
    await handOver();
    expect(service.secretsManager.requests).toHaveLength(reads);
  });
});

describe('a new call to the vendor', () => {
  test('if less than a minute of the session is left', async () => {
    service = await startService();
    const first = await handOver();
    service.advance(24 * hour - 62_000);
    expect(await handOver()).toBe(first);
    service.advance(2_500);
    expect(await handOver()).not.toBe(first);
    expect(service.vendor.requests).toHaveLength(2);
  });

  test('after sessionHours if the token has no expiry, and the answer has none', async () => {
    service = await startService({ sessionHours: 2 });
    service.vendor.setFault({ fault: 'raw-answer', body: { access_token: 'a.b.c' } });
    await handOver();
    service.advance(2 * hour - 62_000);
    const again = (await (await service.post({ uid }, json)).json()) as Record<string, unknown>;
    expect(again).toMatchObject({ expires_at: null, resumed: true });
    service.advance(2_500);
    await handOver();
    expect(service.vendor.requests).toHaveLength(2);
  });

  test('not before sessionHours are over if the token’s expiry is absurd, and the log line says so', async () => {
    service = await startService();
    const token = makeAccessToken({ uid, exp: 1_700_000_000 });
    service.vendor.setFault({ fault: 'raw-answer', body: { access_token: token } });
    const ask = async () => await (await service.post({ uid }, json)).json();
    expect(await ask()).toMatchObject({ expires_at: null, resumed: false });
    expect(lastLine()).toMatchObject({ outcome: 'session_created', vendorExpiry: 'absurd' });
    expect(await ask()).toMatchObject({ expires_at: null, resumed: true });
    expect(lastLine().vendorExpiry).toBeUndefined();
    expect(service.vendor.requests).toHaveLength(1);
  });

  test.each([
    ['an error of the vendor', { fault: 'status', status: 500, times: 1 }],
    ['a refused uid', { fault: 'status', status: 422, times: 1 }],
    ['a lost connection', { fault: 'reset', times: 1 }],
  ] as const)('after %s: nothing is remembered', async (_, fault) => {
    service = await startService();
    service.vendor.setFault(fault);
    expect((await service.post({ uid })).status).toBeGreaterThanOrEqual(400);
    expect(await service.dynamoDb.items()).toEqual([]);
    await handOver();
    expect(lastLine()).toMatchObject({ outcome: 'session_created' });
  });

  test('after a function that died with the claim', async () => {
    service = await startService();
    await leaveClaim();
    service.advance(14_500);
    await handOver();
    expect(lastLine()).toMatchObject({ outcome: 'session_created', storeCalls: 2 });
  });

  test('for another integration', async () => {
    service = await startService();
    const first = await handOver();
    renewPair({ integrationId: 'another-integration' });
    service.advance(400_000);
    expect(await handOver()).not.toBe(first);
    expect(service.vendor.requests).toHaveLength(2);
  });

  test('for the new integration if it changes during the vendor call', async () => {
    service = await startService();
    await handOver('another-applicant');
    renewPair({ integrationId: 'another-integration' });
    const first = await handOver();
    expect(lastLine()).toMatchObject({ outcome: 'session_created', vendorAttempts: 2, storeCalls: 4 });
    expect(await handOver()).toBe(first);
  });

  test.each([
    ['cut', { session: { B: 'AAAA' } }],
    ['changed', { session: { B: Buffer.alloc(200, 7).toString('base64') } }],
    ['of another type', { session: { S: 'text' } }],
    ['of an unknown key version', { keyVersion: { S: 'ffffffff-ffff-ffff-ffff-ffffffffffff' } }],
    ['without a key version', { keyVersion: { N: '7' } }],
    ['in an unknown state', { state: { S: 'something-else' }, session: { B: 'AAAA' } }],
    ['without our claim', { claim: { N: '7' } }],
    ['without an end', { expiresAt: { S: 'never' } }],
    ['changed to expire later', { expiresAt: { N: '9999999999' } }],
  ])('if the stored item is %s, and the log says so', async (_, changes) => {
    service = await startService();
    const first = await handOver();
    await changeItem(changes);
    const second = await handOver();
    expect(second).not.toBe(first);
    expect(lastLine()).toMatchObject({ outcome: 'session_created', store: 'unreadable' });
    expect(await handOver()).toBe(second);
    expect(lastLine().store).toBeUndefined();
    expect(service.vendor.requests).toHaveLength(2);
  });

  test('if the item was copied from another applicant', async () => {
    service = await startService();
    const others = await handOver('another-applicant');
    await changeItem({ pk: keyOf(uid) });
    expect(await handOver()).not.toBe(others);
    expect(lastLine()).toMatchObject({ outcome: 'session_created', store: 'unreadable' });
  });

  test('if the item was copied from another stage', async () => {
    service = await startService();
    const first = await handOver();
    const { apiKey, integrationId } = { ...simulatedCredentials, apiKey: 'key-of-the-other-stage' };
    const session = { accessToken: 'a.b.c', expiresAtSeconds: null, endsAtSeconds: 2_000_000_000 };
    const sealed = sealSession(session, { apiKey, integrationId }, keyOf(uid).S);
    await changeItem({
      session: { B: Buffer.from(sealed).toString('base64') },
      expiresAt: { N: String(session.endsAtSeconds) },
    });
    const second = await handOver();
    expect([first, 'https://app.psychometric.me/a.b.c']).not.toContain(second);
    expect(lastLine()).toMatchObject({ outcome: 'session_created', store: 'unreadable' });
  });
});

describe('a writer that lost its claim', () => {
  /** A first request that waits for the vendor when its claim expires and `act` takes it over. */
  async function loseClaimTo(act: () => Promise<unknown>): Promise<string> {
    service = await startService({ environments: 2 });
    return await handOverWhile(async () => {
      service.advance(14_001);
      await act();
    }, 1_500);
  }

  test('answers with the session that is remembered instead', async () => {
    let other: string | undefined;
    const own = await loseClaimTo(async () => {
      other = await handOver();
    });
    expect(own).toBe(other);
    expect(lastLine()).toMatchObject({ outcome: 'session_resumed', storeCalls: 3, vendorAttempts: 1 });
    expect(await handOver()).toBe(other);
    expect(service.vendor.requests).toHaveLength(2);
  });

  test.each([
    [
      'the item in its place does not open',
      () => handOver().then(() => changeItem({ session: { B: 'AAAA' } })),
      'unreadable',
    ],
    ['another request is creating one', leaveClaim, undefined],
    ['the item is gone', () => service.dynamoDb.run('DeleteItem', tableRow()), undefined],
  ])('answers with its own session if %s, and changes nothing', async (_, act, store) => {
    let itemsBefore: unknown;
    const own = await loseClaimTo(async () => {
      await act();
      itemsBefore = await service.dynamoDb.items();
    });
    expect(own).toMatch(/^https:\/\/app\.psychometric\.me\//);
    expect(lastLine()).toMatchObject({ outcome: 'session_created' });
    expect(lastLine().store).toBe(store);
    expect(await service.dynamoDb.items()).toEqual(itemsBefore);
  });
});

describe('waiting for another request', () => {
  test.each([
    ['the other request does not end in time', () => undefined, 1],
    [
      'the wait has left no time to call the vendor, and claims nothing',
      async () => {
        await service.dynamoDb.run('DeleteItem', tableRow());
        service.dynamoDb.fail('hang', { times: 1 });
      },
      0,
    ],
    ['the table fails at the end of the wait', () => service.dynamoDb.fail('hang'), 1],
  ])('answers 503 session_in_progress with Retry-After if %s', async (_, act, claimsLeft) => {
    service = await startService({ timeoutMs: 6_000 });
    await leaveClaim();
    const answering = service.post({ uid });
    while (service.dynamoDb.calls.length < 2) await nextTurn();
    await act();
    const response = await answering;
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await problemCode(response)).toBe('session_in_progress');
    expect(service.vendor.requests).toHaveLength(0);
    expect(await service.dynamoDb.items()).toHaveLength(claimsLeft);
  });

  test('calls the vendor if the other request has failed', async () => {
    service = await startService({ environments: 2 });
    service.vendor.setFault({ fault: 'status', status: 500, times: 1 });
    const answers = await Promise.all([service.post({ uid }), service.post({ uid })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([302, 502]);
  });

  test.each([
    ['ahead', 61_000],
    ['behind', -61_000],
  ])('a clock that is 61 s %s causes at most a second vendor call', async (_, offsetMs) => {
    service = await startService();
    await leaveClaim();
    service.advance(offsetMs);
    await handOver();
    expect(service.vendor.requests).toHaveLength(1);
  });
});

describe('the table never blocks a request', () => {
  test.each([
    ['hang', 'TimeoutError'],
    ['slow', 'TimeoutError'],
    // Under jest, the SDK does not recognise Node's own errors; in the bundle, the reason is ECONNRESET.
    ['reset', expect.any(String)],
    ['throttle', 'ThrottlingException'],
    ['deny', 'AccessDeniedException'],
    ['internal-error', 'InternalServerError'],
  ] as [TableFault, unknown][])('DynamoDB: %s', async (fault, storeReason) => {
    service = await startService();
    service.dynamoDb.fail(fault);
    await handOver();
    expect(lastLine()).toMatchObject({ outcome: 'session_created', store: 'unavailable', storeReason });
    expect(service.vendor.requests).toHaveLength(1);
    service.dynamoDb.fail('none');
    const second = await handOver();
    expect(await handOver()).toBe(second);
  });

  test.each([
    ['is deleted', undefined, 'ResourceNotFoundException'],
    ['has another shape', 'uid', 'ValidationException'],
  ])('the table %s', async (_, keyName, storeReason) => {
    service = await startService();
    await service.dynamoDb.deleteTable();
    if (keyName) await service.dynamoDb.createTable(keyName);
    await handOver();
    expect(lastLine()).toMatchObject({ outcome: 'session_created', store: 'unavailable', storeReason });
  });

  const handOverAfter = (act: () => unknown) => {
    act();
    return handOver();
  };

  test.each([
    ['the claim', handOverAfter],
    ['the session', handOverWhile],
  ])('a call that took effect counts, even if its answer was lost: %s', async (_, handOverAround) => {
    service = await startService();
    const first = await handOverAround(() => service.dynamoDb.fail('lost-answer', { times: 1 }));
    expect(lastLine()).toMatchObject({ outcome: 'session_created' });
    expect(lastLine().store).toBeUndefined();
    expect(await handOver()).toBe(first);
    expect(service.vendor.requests).toHaveLength(1);
  });

  test('a session that cannot be stored is still the answer, and nothing is deleted', async () => {
    service = await startService();
    await handOverWhile(() => service.dynamoDb.fail('deny'));
    expect(lastLine()).toMatchObject({ outcome: 'session_created', store: 'unavailable' });
    expect(service.dynamoDb.calls.map(({ operation }) => operation)).toEqual(['PutItem', 'PutItem']);
  });

  test('Secrets Manager does not return the key of an item: the session is created without the table', async () => {
    service = await startService();
    const first = await handOver();
    const [{ keyVersion = {} } = {}] = await service.dynamoDb.items();
    await changeItem({ keyVersion: { S: 'ffffffff-ffff-ffff-ffff-ffffffffffff' } });
    service.secretsManager.fail({ statusCode: 500, errorName: 'InternalServiceError' });
    service.vendor.setFault({ fault: 'slow', delayMs: 1_500 });
    await handOver();
    // One look-up, and no call to a table in which this session has no place.
    expect(lastLine()).toMatchObject({
      outcome: 'session_created',
      store: 'unavailable',
      secretReads: 1,
      storeCalls: 1,
    });
    await changeItem({ keyVersion });
    expect(await handOver()).toBe(first);
  });

  test('a failed look-up of a key is repeated after a second, and finds the session of the table', async () => {
    service = await startService({ environments: 2 });
    for (const other of ['another-1', 'another-2']) await handOver(other);
    renewPair();
    const first = await handOver();
    service.secretsManager.fail({ statusCode: 500, errorName: 'InternalServiceError' });
    await service.post({ uid }); // The second environment does not know the renewed key.
    service.secretsManager.fail('none');
    service.advance(1_000);
    expect(await handOver()).toBe(first);
    expect(await handOver()).toBe(first);
    expect(lastLine()).toMatchObject({ outcome: 'session_resumed', vendorAttempts: 0 });
  });

  test('without resume, the table is not called', async () => {
    service = await startService({ resume: false });
    await handOver();
    await handOver();
    expect(service.dynamoDb.calls).toEqual([]);
    expect(service.vendor.requests).toHaveLength(2);
    expect(lastLine().storeCalls).toBeUndefined();
  });
});

test('the table has no uid, token, API key or integration id in plain text, in claims and sessions', async () => {
  service = await startService();
  const claims: Awaited<ReturnType<typeof service.dynamoDb.items>> = [];
  const location = await handOverWhile(async () => claims.push(...(await service.dynamoDb.items())));
  const locations = [location, await tap(await service.makeLink('another-applicant'))];
  const tokens = locations.map((location) => location.split('/').at(-1) ?? '');
  const items = [...claims, ...(await service.dynamoDb.items())];
  expect(items.map(({ state }) => state?.S)).toEqual(['creating', 'created', 'created']);
  const text = JSON.stringify(items);
  const bytes = items.map(({ session }) => Buffer.from(session?.B ?? '', 'base64').toString('latin1')).join();
  const { apiKey, integrationId } = simulatedCredentials;
  const parts = tokens.flatMap((token) => token.split('.'));
  for (const secret of [uid, 'another-applicant', ...tokens, ...parts, apiKey, integrationId, uidRefKey]) {
    expect(text).not.toContain(secret);
    expect(bytes).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret).toString('base64').replaceAll('=', ''));
    expect(text).not.toContain(Buffer.from(secret).toString('hex'));
  }
});

test('DynamoDB deletes claims after an hour, and sessions when they expire', async () => {
  service = await startService({ sessionHours: 10_000 });
  await handOver();
  const claim = service.dynamoDb.calls[0]?.input.Item as { expiresAt: { N: string } } | undefined;
  expect(Number(claim?.expiresAt.N) - Date.now() / 1000).toBeCloseTo(3_600, -2);
  const [item] = await service.dynamoDb.items();
  const { expires_at: expiresAt } = (await (await service.post({ uid }, json)).json()) as {
    expires_at: string;
  };
  expect(Number(item?.expiresAt?.N)).toBe(Date.parse(expiresAt) / 1000);
  expect(Object.keys(item ?? {}).sort()).toEqual([
    'claim',
    'expiresAt',
    'keyVersion',
    'pk',
    'session',
    'state',
  ]);
});
