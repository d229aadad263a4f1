import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { afterEach, expect, jest, test } from '@jest/globals';
import { IdleConnections } from '../../../functions/keep-alive-agent.ts';
import { createScope } from '../../../functions/request-scope.ts';
import { SessionTable } from '../../../functions/session-store/session-table.ts';

afterEach(() => void jest.restoreAllMocks());

const now = 1_800_000_000_500;
const nowSeconds = now / 1_000;
const scope = () => createScope(Date.now() + 10_000);

/** A table whose calls get this answer, or fail with it; and what happened to its connections. */
function tableWith(answer: object | Error) {
  const events: string[] = [];
  const client = {
    send: async () => {
      events.push('sent');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const socket = { destroy: () => events.push('dropped') };
  const connections = new IdleConnections({ freeSockets: { table: [socket] } } as never);
  const options = { client: client as never, connections, tableName: 'table' };
  return { table: new SessionTable({ ...options, now: () => now }), events };
}

const created = (expiresAt: number) => ({
  pk: { S: 'key' },
  state: { S: 'created' },
  claim: { S: 'claim' },
  session: { B: new Uint8Array([1]) },
  keyVersion: { S: 'v1' },
  expiresAt: { N: String(expiresAt) },
});
const claimed = (claimedUntil: object | undefined) => ({
  pk: { S: 'key' },
  state: { S: 'creating' },
  claim: { S: 'claim' },
  claimedUntil,
  expiresAt: { N: String(nowSeconds + 3_600) },
});
const until = (aheadMs: number) => ({ N: String(now + aheadMs) });

test.each([
  ['a session that ends in 60 s', created(nowSeconds + 60), true],
  ['a session that ends in 59.5 s', created(nowSeconds + 59.5), false],
  ['a session without an end', { ...created(0), expiresAt: undefined }, false],
  ['a session without a claim', { ...created(nowSeconds + 60), claim: undefined }, false],
  ['a claim that ends now', claimed(until(0)), true],
  ['a claim that ended 2 s ago', claimed(until(-2_000)), true],
  ['a claim that ended longer ago', claimed(until(-2_001)), false],
  ['a claim that ends in 72 s', claimed(until(72_000)), true],
  ['a claim that ends later than any claim does', claimed(until(72_001)), false],
  ['a claim without an end', claimed(undefined), false],
])('a read finds %s: %#', async (_, Item, isFound) => {
  const { table } = tableWith({ Item });
  const item = await table.read('key', scope());
  expect(item?.claim).toBe(isFound ? 'claim' : undefined);
});

test('a claim that finds another one returns it; if DynamoDB does not show it, the table cannot be used', async () => {
  const refusal = { message: 'refused', $metadata: { httpStatusCode: 400 } };
  const shown = new ConditionalCheckFailedException({ ...refusal, Item: claimed(until(0)) as never });
  expect(await tableWith(shown).table.claim('key', 'mine', scope())).toMatchObject({ claim: 'claim' });
  const hidden = new ConditionalCheckFailedException(refusal);
  await expect(tableWith(hidden).table.claim('key', 'mine', scope())).rejects.toMatchObject({
    name: 'StoreUnavailable',
    cause: hidden,
  });
});

test('the second try of a call goes over a new connection: open ones may be dead like the first', async () => {
  const { table, events } = tableWith(new Error('no answer'));
  await expect(table.read('key', scope())).rejects.toMatchObject({ name: 'StoreUnavailable' });
  expect(events).toEqual(['sent', 'dropped', 'sent']);
});

test('the first call after a minute goes over a new connection: the open one may be dead', async () => {
  const { table, events } = tableWith({});
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_001);
  for (let calls = 0; calls < 2; calls += 1) await table.read('key', scope());
  expect(events).toEqual(['dropped', 'sent', 'sent']);
});
