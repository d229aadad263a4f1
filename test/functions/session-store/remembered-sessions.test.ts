import { expect, test } from '@jest/globals';
import { createScope } from '../../../functions/request-scope.ts';
import { RememberedSessions } from '../../../functions/session-store/remembered-sessions.ts';
import type { SessionItem } from '../../../functions/session-store/session-table.ts';

const uid = 'ABCDE-12345';
const unreadable: SessionItem = {
  claim: 'of another request',
  created: { session: new Uint8Array(40), keyVersion: 'unknown', endsAtSeconds: 4_000_000_000 },
};
const claimed: SessionItem = { claim: 'of another request', created: undefined };

/** A table in which each claim and each read finds the next of these items. */
function setUp({
  claims,
  reads = [],
}: {
  claims: (SessionItem | undefined)[];
  reads?: (SessionItem | undefined)[];
}) {
  const calls: unknown[][] = [];
  const table = {
    claim: async (_key: string, _claim: string, _scope: object, replaced?: string) => {
      calls.push(['claim', replaced]);
      return claims.shift();
    },
    read: async (key: string) => {
      calls.push(['read', key]);
      return reads.shift();
    },
    store: async () => true,
    release: async () => undefined,
  };
  const sessions = new RememberedSessions({
    table: table as never,
    credentials: { find: async () => undefined },
    uidRefKey: 'key-of-the-pseudonyms',
    sessionHours: 1,
  });
  const created = {
    session: { accessToken: 'a.b.c', expiresAtSeconds: null },
    credentials: { apiKey: 'key', integrationId: '42', versionId: 'v1' },
  };
  const call = () => sessions.getOrCreate(uid, '42', createScope(Date.now() + 10_000), async () => created);
  return { sessions, calls, call };
}

test('a session that cannot be opened is replaced', async () => {
  const { calls, call } = setUp({ claims: [unreadable, undefined] });
  expect(await call()).toMatchObject({ resumed: false, session: { accessToken: 'a.b.c' } });
  expect(calls).toEqual([
    ['claim', undefined],
    ['claim', unreadable.claim],
  ]);
});

test('a request claims twice at most, if what it replaces is unreadable again', async () => {
  const { calls, call } = setUp({ claims: [unreadable, unreadable, undefined] });
  await expect(call()).rejects.toMatchObject({ code: 'session_in_progress' });
  expect(calls).toHaveLength(2);
});

test('a request claims twice at most, if other claims disappear', async () => {
  const { calls, call } = setUp({ claims: [claimed, claimed, undefined] });
  await expect(call()).rejects.toMatchObject({ code: 'session_in_progress' });
  expect(calls.map(([name]) => name)).toEqual(['claim', 'read', 'claim', 'read']);
});

test('a request claims once more after another claim has disappeared', async () => {
  const { calls, call } = setUp({ claims: [claimed, undefined] });
  expect(await call()).toMatchObject({ resumed: false });
  expect(calls.map(([name]) => name)).toEqual(['claim', 'read', 'claim']);
});

test('the connection is opened by a read of a row that no applicant has', async () => {
  const { sessions, calls } = setUp({ claims: [] });
  await sessions.warmUp(createScope(Date.now() + 1_000));
  expect(calls).toEqual([['read', 'warm-up']]);
});
