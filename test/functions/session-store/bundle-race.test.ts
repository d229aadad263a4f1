import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { simulatedCredentials } from '../../../lib/local/begini-simulator.ts';
import { proxyEvent } from '../../../lib/local/proxy-event.ts';
import { type Lambda, startLambda } from '../../support/lambda.ts';

/** Functions in processes of their own, all of one stage. The first one started the servers. */
let functions: Lambda[];

beforeEach(() => {
  functions = [];
});
afterEach(async () => {
  for (const lambda of functions.reverse()) await lambda.stop();
});

async function startFunctions(count: number): Promise<void> {
  while (functions.length < count) {
    const [beside] = functions;
    functions.push(await startLambda('create-session', { resume: true, ...(beside && { beside }) }));
  }
}

const first = () => functions[0] as Lambda;
const invoke = async ({ environment }: Lambda) =>
  (await environment.invoke(proxyEvent({ uid: 'ABCDE-12345' }))) as APIGatewayProxyResult;

async function handOver(lambda: Lambda): Promise<string> {
  const response = await invoke(lambda);
  expect(response.statusCode).toBe(302);
  return String(response.headers?.Location);
}

/** Writes over attributes of the one item. */
async function changeItem(changes: object): Promise<void> {
  const { dynamoDb } = first();
  const [item] = await dynamoDb.items();
  await dynamoDb.run('PutItem', { TableName: dynamoDb.tableName, Item: { ...item, ...changes } });
}

test('eight functions that are called at once create one session', async () => {
  await startFunctions(8);
  first().vendor.setFault({ fault: 'slow', delayMs: 300 });
  const locations = await Promise.all(functions.map(handOver));
  expect(new Set(locations).size).toBe(1);
  expect(first().vendor.requests).toHaveLength(1);
});

test('a function that is killed while Begini is called leaves a claim that ends, and then one session', async () => {
  await startFunctions(4);
  const { vendor, dynamoDb } = first();
  vendor.setFault({ fault: 'hang', times: 1 });
  const dying = functions.pop() as Lambda;
  const died = invoke(dying).catch((error: Error) => error);
  while (vendor.requests.length === 0) await nextTurn();
  await dying.stop();
  expect(await died).toBeInstanceOf(Error);
  const [claim] = await dynamoDb.items();
  const claimedUntil = Number(claim?.claimedUntil?.N);
  expect(claimedUntil - Date.now()).toBeLessThanOrEqual(12_000);

  const waiting = functions.map(handOver);
  const looks = () => dynamoDb.calls.filter(({ operation }) => operation === 'GetItem').length;
  const looksBefore = looks();
  while (looks() < looksBefore + functions.length) await nextTurn();
  expect(vendor.requests).toHaveLength(1);
  await changeItem({ claimedUntil: { N: String(claimedUntil - 14_001) } });

  expect(new Set(await Promise.all(waiting)).size).toBe(1);
  expect(vendor.requests).toHaveLength(2);
  expect(await dynamoDb.items()).toEqual([expect.objectContaining({ state: { S: 'created' } })]);
});

test('the session lives on while Begini refuses the key, and after a renewal of the key', async () => {
  await startFunctions(1);
  const { vendor, secretsManager } = first();
  const location = await handOver(first());
  const next = { ...simulatedCredentials, apiKey: 'renewed-key' };
  vendor.changeCredentials(next);
  expect(await handOver(first())).toBe(location);
  secretsManager.putValue('credentials', JSON.stringify(next));
  await startFunctions(2); // The second one starts with the renewed key.
  for (const lambda of functions) expect(await handOver(lambda)).toBe(location);
  expect(vendor.requests).toHaveLength(1);
});

test('an item that was changed gives way to a new session', async () => {
  await startFunctions(1);
  const location = await handOver(first());
  await changeItem({ session: { B: 'AAAA' } });
  const another = await handOver(first());
  expect(another).not.toBe(location);
  expect(await handOver(first())).toBe(another);
  expect(first().vendor.requests).toHaveLength(2);
});

test('a failed call leaves nothing behind', async () => {
  await startFunctions(1);
  first().vendor.setFault({ fault: 'status', status: 500, times: 1 });
  expect((await invoke(first())).statusCode).toBe(502);
  expect(await first().dynamoDb.items()).toEqual([]);
  await handOver(first());
});
