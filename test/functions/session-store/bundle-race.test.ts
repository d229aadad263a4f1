import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { simulatedCredentials } from '../../../bin/stand-ins/begini/begini-simulator.ts';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { type Lambda, startLambda } from '../../support/lambda.ts';

/** Functions in separate processes, all of one stage. The first one started the servers. */
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
const invoke = async ({ environment }: Lambda, uid = 'ABCDE-12345') =>
  (await environment.invoke(proxyEvent({ uid }))) as APIGatewayProxyResult;

async function handOver(lambda: Lambda): Promise<string> {
  const response = await invoke(lambda);
  expect(response.statusCode).toBe(302);
  return String(response.headers?.Location);
}

/** Overwrites attributes of the only item. */
async function changeItem(changes: object): Promise<void> {
  const { dynamoDb } = first();
  const [item] = await dynamoDb.items();
  await dynamoDb.run('PutItem', { TableName: dynamoDb.tableName, Item: { ...item, ...changes } });
}

test('eight concurrent functions create one session', async () => {
  await startFunctions(8);
  // Eight first calls at once can take a busy machine longer than the service waits for the table.
  for (const lambda of functions) await invoke(lambda, 'EARLIER-1');
  const { vendor } = first();
  const earlierCalls = vendor.requests.length;
  vendor.setFault({ fault: 'slow', delayMs: 300 });
  const locations = await Promise.all(functions.map(handOver));
  expect(new Set(locations).size).toBe(1);
  expect(vendor.requests.length - earlierCalls).toBe(1);
});

/** Where a function is killed. */
type Death = {
  step: string;
  /** Holds the function there. */
  hold(lambda: Lambda): void;
  /** Whether it has got there, after so many calls to the table. */
  isThere(lambda: Lambda, tableCalls: number): boolean | Promise<boolean>;
  /** What the table then has of it. */
  left: 'nothing' | 'creating' | 'created';
  /** How often Begini is called in total. */
  vendorCalls: number;
};

const deaths: Death[] = [
  {
    step: 'before it claims the uid',
    hold: ({ dynamoDb }) => dynamoDb.fail('hang'),
    isThere: (_, tableCalls) => tableCalls === 1,
    left: 'nothing',
    vendorCalls: 1,
  },
  {
    step: 'after it has claimed the uid',
    hold: ({ dynamoDb }) => dynamoDb.fail('hang-after'),
    isThere: async (lambda) => (await stateOfItem(lambda)) === 'creating',
    left: 'creating',
    vendorCalls: 1,
  },
  {
    step: 'while Begini is called',
    hold: ({ vendor }) => vendor.setFault({ fault: 'hang', times: 1 }),
    isThere: ({ vendor }) => vendor.requests.length === 1,
    left: 'creating',
    vendorCalls: 2,
  },
  {
    step: 'before it stores the session',
    hold: (lambda) => failAfterVendorCall(lambda, 'hang'),
    isThere: (_, tableCalls) => tableCalls === 2,
    left: 'creating',
    vendorCalls: 2,
  },
  {
    step: 'after it has stored the session',
    hold: (lambda) => failAfterVendorCall(lambda, 'hang-after'),
    isThere: async (lambda) => (await stateOfItem(lambda)) === 'created',
    left: 'created',
    vendorCalls: 1,
  },
];

const stateOfItem = async ({ dynamoDb }: Lambda) => (await dynamoDb.items())[0]?.state?.S ?? 'nothing';

/** Lets the table fail once Begini was called: the next call to it stores the session. */
function failAfterVendorCall({ vendor, dynamoDb }: Lambda, fault: 'hang' | 'hang-after'): void {
  vendor.setFault({ fault: 'slow', delayMs: 300, times: 1 });
  void until(() => vendor.requests.length > 0).then(() => dynamoDb.fail(fault));
}

/** Leaves the machine to the functions between two looks. */
async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await pause(10);
}

test.each(deaths)(
  'a function that is killed $step blocks no uid, and the others create one session',
  async ({ hold, isThere, left, vendorCalls }) => {
    await startFunctions(3);
    const { vendor, dynamoDb } = first();
    const dying = functions.pop() as Lambda;
    const earlierCalls = dynamoDb.calls.length;
    hold(dying);
    const died = invoke(dying).catch((error: Error) => error);
    await until(() => isThere(dying, dynamoDb.calls.length - earlierCalls));
    await dying.stop();
    expect(await died).toBeInstanceOf(Error);
    dynamoDb.fail('none');
    expect(await stateOfItem(first())).toBe(left);

    const waiting = functions.map(handOver);
    if (left === 'creating') {
      const looks = () => dynamoDb.calls.filter(({ operation }) => operation === 'GetItem').length;
      const enough = looks() + functions.length;
      await until(() => looks() >= enough);
      const claimedUntil = Number((await dynamoDb.items())[0]?.claimedUntil?.N);
      expect(claimedUntil - Date.now()).toBeLessThanOrEqual(12_000);
      await changeItem({ claimedUntil: { N: String(claimedUntil - 14_001) } });
    }
    expect(new Set(await Promise.all(waiting)).size).toBe(1);
    expect(vendor.requests).toHaveLength(vendorCalls);
    expect(await stateOfItem(first())).toBe('created');
  },
);

test('the session stays valid while Begini refuses the key, and after a renewal of the key', async () => {
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

test('a new session replaces a changed item', async () => {
  await startFunctions(1);
  const location = await handOver(first());
  await changeItem({ session: { B: 'AAAA' } });
  const another = await handOver(first());
  expect(another).not.toBe(location);
  expect(await handOver(first())).toBe(another);
  expect(first().vendor.requests).toHaveLength(2);
});

test('a failed call leaves no item', async () => {
  await startFunctions(1);
  first().vendor.setFault({ fault: 'status', status: 500, times: 1 });
  expect((await invoke(first())).statusCode).toBe(502);
  expect(await first().dynamoDb.items()).toEqual([]);
  await handOver(first());
});
