import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { clientConfig } from '../../bin/stand-ins/client-config.ts';
import { createScope, type RequestScope } from '../../functions/request-scope.ts';
import { connectSessionTable } from '../../functions/session-store/connect.ts';
import type { SealedItem, SessionTable } from '../../functions/session-store/session-table.ts';
import { type Moto, startMoto } from './moto-secrets-manager.ts';

const tableName = 'sessions';
const sealed: SealedItem = {
  session: Uint8Array.of(1, 2, 3),
  keyVersion: 'version',
  endsAtSeconds: 4_000_000_000,
};
let moto: Moto;
let table: SessionTable;
let clockOffsetMs: number;
/** A separate row for each test. */
let key: string;
let scope: RequestScope;

beforeAll(async () => {
  moto = await startMoto();
  const client = new DynamoDBClient(clientConfig(moto.url));
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  client.destroy();
  table = connectSessionTable(tableName, clientConfig(moto.url), () => Date.now() + clockOffsetMs);
});
afterAll(() => moto?.stop());

let rows = 0;
beforeEach(() => {
  rows += 1;
  key = `row-${rows}`;
  clockOffsetMs = 0;
  scope = createScope(Date.now() + 14_000);
});

test('a late claim returns the existing claim, with one call', async () => {
  expect(await table.claim(key, 'first', scope)).toBeUndefined();
  scope = createScope(Date.now() + 14_000);
  expect(await table.claim(key, 'second', scope)).toEqual({ claim: 'first', created: undefined });
  expect(scope.trace.storeCalls).toBe(1);
});

test('a claim that is sent once more returns itself, before and after its session was stored', async () => {
  await table.claim(key, 'first', scope);
  expect(await table.claim(key, 'first', scope)).toEqual({ claim: 'first', created: undefined });
  await table.store(key, 'first', sealed, scope);
  expect(await table.claim(key, 'first', scope)).toMatchObject({
    claim: 'first',
    created: { keyVersion: 'version' },
  });
});

test('a claim on a created session returns the session, with one call', async () => {
  await table.claim(key, 'first', scope);
  expect(await table.store(key, 'first', sealed, scope)).toBe(true);
  scope = createScope(Date.now() + 14_000);
  const inTheWay = await table.claim(key, 'second', scope);
  expect(inTheWay).toMatchObject({ claim: 'first', created: { keyVersion: 'version' } });
  expect([...(inTheWay?.created?.session ?? [])]).toEqual([1, 2, 3]);
  expect(scope.trace.storeCalls).toBe(1);
});

test('of eight concurrent claims, one succeeds', async () => {
  // Where moto is too slow for a try, the claim is sent again, and then returns itself.
  const claims = Array.from({ length: 8 }, async (_, index) => {
    const inTheWay = await table.claim(key, `claim-${index}`, scope);
    return inTheWay === undefined || inTheWay.claim === `claim-${index}`;
  });
  expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
});

test('an expired claim can be replaced, and its writer can neither store nor delete', async () => {
  await table.claim(key, 'first', scope);
  clockOffsetMs = 14_001;
  expect(await table.claim(key, 'second', scope)).toBeUndefined();
  expect(await table.store(key, 'first', sealed, scope)).toBe(false);
  await table.release(key, 'first', scope);
  expect(await table.read(key, scope)).toEqual({ claim: 'second', created: undefined });
});

test('a request can replace a session that it could not open', async () => {
  await table.claim(key, 'first', scope);
  await table.store(key, 'first', sealed, scope);
  expect(await table.claim(key, 'second', scope, 'first')).toBeUndefined();
});

test('a claim that led to no session is removed', async () => {
  await table.claim(key, 'first', scope);
  await table.release(key, 'first', scope);
  expect(await table.read(key, scope)).toBeUndefined();
});
