import { expect, test } from '@jest/globals';
import { createScope } from '../../../functions/request-scope.ts';
import { RememberedSessions } from '../../../functions/session-store/remembered-sessions.ts';
import type { SessionItem } from '../../../functions/session-store/session-table.ts';

const ofAnother: SessionItem = { claim: 'of another request' };
const unreadable: SessionItem = {
  ...ofAnother,
  created: { session: new Uint8Array(40), keyVersion: 'unknown', endsAtSeconds: 4_000_000_000 },
};

test.each([
  ['what it replaces is unreadable again', unreadable],
  ['other claims disappear', ofAnother],
])('a request claims twice at most, if %s', async (_, inTheWay) => {
  // The third claim would succeed.
  const claims = [inTheWay, inTheWay, undefined];
  const sessions = new RememberedSessions({
    table: { claim: async () => claims.shift(), read: async () => undefined } as never,
    credentials: { find: async () => undefined },
    uidRefKey: 'key-of-the-pseudonyms',
    sessionHours: 1,
  });
  const claiming = sessions.claim('ABCDE-12345', '42', createScope(Date.now() + 10_000));
  await expect(claiming).rejects.toMatchObject({ code: 'session_in_progress' });
  expect(claims).toHaveLength(1);
});
