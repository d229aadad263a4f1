import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { clientConfig } from '../../../bin/stand-ins/client-config.ts';
import type { LocalDynamoDb } from '../../../bin/stand-ins/dynamodb/dynamodb.ts';
import type { CreatedSession } from '../../../functions/session-store/remembered-sessions.ts';
import type { SessionTable } from '../../../functions/session-store/session-table.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { CallerError } = await import('../../../functions/errors.ts');
const { createScope } = await import('../../../functions/request-scope.ts');
const { connectSessionTable } = await import('../../../functions/session-store/connect.ts');
const { RememberedSessions } = await import('../../../functions/session-store/remembered-sessions.ts');
const { startDynamoDb } = await import('../../../bin/stand-ins/dynamodb/dynamodb.ts');
afterAll(() => time.restore());

const integrationId = '1234567890987654321';
const credentials = { apiKey: 'key-of-the-race', integrationId, versionId: 'version-of-the-race' };

/** A claim is valid for 12 s, and for 2 s more in a function with a slow clock. */
const claimIsOverMs = 14_001;

let dynamoDb: LocalDynamoDb;
let clockOffsetMs: number;
/** How often the vendor was called. */
let calls: number;

beforeEach(async () => {
  dynamoDb = await startDynamoDb();
  clockOffsetMs = 0;
  calls = 0;
});
afterEach(() => dynamoDb.close());

const now = () => Date.now() + clockOffsetMs;

function openTable(): SessionTable {
  return connectSessionTable(dynamoDb.tableName, clientConfig(dynamoDb.origin), now);
}

/** One function with its own memory. */
const startFunction = (table: SessionTable) =>
  new RememberedSessions({
    table,
    credentials: { find: async () => credentials },
    uidRefKey: 'key-of-the-pseudonyms',
    sessionHours: 24,
    now,
  });

const createSession = async (): Promise<CreatedSession> => {
  calls += 1;
  return {
    session: { accessToken: `header.session-${calls}.signature`, expiresAtSeconds: null },
    credentials,
  };
};

/** Requests the applicant's session, with little more time than a waiting request must have left. */
async function ask(sessions: ReturnType<typeof startFunction>, create = createSession): Promise<string> {
  const scope = createScope(Date.now() + 5_000);
  const found = await sessions.claim('ABCDE-12345', integrationId, scope);
  const { session } = 'session' in found ? found : await found.keep(await create());
  return session.accessToken;
}

/** Where a function can die, how the test stops it there, and how often the vendor is called in total. */
const deaths: [step: string, kill: (reached: () => void) => Promise<unknown>, callsInTheEnd: number][] = [
  ['before it claims the uid', (reached) => ask(startFunction(stopAt('claim', 'before', reached))), 1],
  ['after it has claimed the uid', (reached) => ask(startFunction(stopAt('claim', 'after', reached))), 1],
  ['while the vendor is called', (reached) => ask(startFunction(openTable()), () => stop(reached)), 1],
  ['before it stores the session', (reached) => ask(startFunction(stopAt('store', 'before', reached))), 2],
  ['after it has stored the session', (reached) => ask(startFunction(stopAt('store', 'after', reached))), 1],
];

function stop<T>(reached: () => void): Promise<T> {
  reached();
  return new Promise<T>(() => undefined);
}

/** A table with a method that never returns. */
function stopAt(method: 'claim' | 'store', when: 'before' | 'after', reached: () => void): SessionTable {
  const table = openTable();
  return new Proxy(table, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== method) return value.bind(target);
      return async (...given: unknown[]) => {
        if (when === 'after') await value.apply(target, given);
        return await stop(reached);
      };
    },
  });
}

test.each([1_900, 2_100, 59_000])(
  'a claim that reaches the table %d ms after it was made does not take over a newer one',
  async (lateMs) => {
    const table = openTable();
    const scope = createScope(Date.now() + 5_000);
    expect(await table.claim('row', 'newer', scope)).toBeUndefined();
    clockOffsetMs = -lateMs;
    expect(await table.claim('row', 'older', scope)).toMatchObject({ claim: 'newer' });
    expect(await table.read('row', scope)).toMatchObject({ claim: 'newer' });
  },
);

test('a request that lost its claim and then fails removes nothing of the one that took it over', async () => {
  const [slow, fast] = [startFunction(openTable()), startFunction(openTable())];
  const lost = await slow.claim('ABCDE-12345', integrationId, createScope(Date.now() + 5_000));
  clockOffsetMs += claimIsOverMs;
  const session = await ask(fast);
  if ('release' in lost) await lost.release();
  expect(await ask(slow)).toBe(session);
});

test('no call to the table outlives the time of its request, its second try included', async () => {
  const table = openTable();
  dynamoDb.fail('hang');
  for (const [timeLeftMs, endsAfterMs] of [
    [700, 700],
    [5_000, 1_000],
    [-1, 0],
  ] as const) {
    const startedAt = Date.now();
    await expect(table.read('row', createScope(startedAt + timeLeftMs))).rejects.toThrow('TimeoutError');
    expect(Date.now() - startedAt).toBeLessThanOrEqual(endsAfterMs + 10);
  }
});

test.each(deaths)(
  'of eight concurrent calls, one function dies %s: there is one session, and no uid is blocked',
  async (_step, kill, callsInTheEnd) => {
    await new Promise<void>((reached) => void kill(reached));
    const others = Array.from({ length: 7 }, () => startFunction(openTable()));

    const atOnce = await Promise.allSettled(others.map((each) => ask(each)));
    for (const outcome of atOnce) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toEqual(new CallerError('session_in_progress'));
    }
    clockOffsetMs += claimIsOverMs;
    const later = await Promise.all(others.map((each) => ask(each)));

    const tokens = atOnce.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(new Set([...tokens, ...later]).size).toBe(1);
    expect(await dynamoDb.items()).toEqual([expect.objectContaining({ state: { S: 'created' } })]);
    expect(calls).toBe(callsInTheEnd);
  },
);
