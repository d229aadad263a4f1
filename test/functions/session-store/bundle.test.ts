import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { startForgetfulProxy } from '../../support/forgetful-proxy.ts';
import { type Lambda, startLambda } from '../../support/lambda.ts';

const uid = 'CANARY-UID-4711';
const running: Lambda[] = [];

afterEach(async () => {
  // The first started the servers that the others share.
  for (const lambda of running.splice(0).reverse()) await lambda.stop();
});

async function start(...[name, options]: Parameters<typeof startLambda>): Promise<Lambda> {
  const lambda = await startLambda(name, { resume: true, ...options });
  running.push(lambda);
  return lambda;
}

async function handOver({ environment, vendor }: Lambda, ownUid = uid): Promise<string> {
  const response = (await environment.invoke(proxyEvent({ uid: ownUid }))) as APIGatewayProxyResult;
  expect(response.statusCode).toBe(302);
  const location = String(response.headers?.Location);
  expect(location).toMatch(new RegExp(`^${vendor.origin}/[\\w-]+\\.[\\w-]+\\.[\\w-]+$`));
  return location;
}

/** Ends the function, and returns all its log lines. */
async function linesOf(lambda: Lambda): Promise<Record<string, unknown>[]> {
  running.splice(running.indexOf(lambda), 1);
  const { stdout } = await lambda.stop();
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('calls Secrets Manager once and connects once to each of three sides, during init, for 50 requests', async () => {
  const lambda = await start('create-session');
  const { vendor, secretsManager, dynamoDb } = lambda;
  // All sides speak TLS, so a connection is a handshake.
  const connections = () => [secretsManager, vendor, dynamoDb].map((side) => side.connections);
  expect(connections()).toEqual([1, 1, 1]);
  for (let requests = 0; requests < 50; requests += 1) await handOver(lambda, `uid-${requests}-of-50`);
  expect(connections()).toEqual([1, 1, 1]);
  expect([secretsManager.requests.length, vendor.requests.length]).toEqual([1, 50]);
});

test('a loan app’s call and a launch link lead to the same session, without uid or token in any output', async () => {
  const loanApp = await start('create-session');
  const launch = await start('launch', { beside: loanApp });
  const first = await handOver(loanApp);
  const maker = await start('create-launch-link', { beside: loanApp });
  const requestContext = { domainName: 'api.example', stage: 'test' } as never;
  const made = (await maker.environment.invoke(
    proxyEvent({ uid }, { requestContext }),
  )) as APIGatewayProxyResult;
  const token = (JSON.parse(made.body) as { url: string }).url.split('/').at(-1) ?? '';
  const tap = (await launch.environment.invoke(
    proxyEvent('', {
      httpMethod: 'POST',
      resource: '/launch/{token}',
      path: `/launch/${token}`,
      pathParameters: { token },
    }),
  )) as APIGatewayProxyResult;
  expect(tap.headers?.Location).toBe(first);
  expect(loanApp.vendor.requests).toHaveLength(1);
  const lines = JSON.stringify([await linesOf(launch), await linesOf(maker), await linesOf(loanApp)]);
  for (const secret of [uid, token, first.split('/').at(-1) ?? '']) expect(lines).not.toContain(secret);
});

test.each(['fin', 'rst'] as const)(
  'detects after a freeze that its connections were closed by %s, and sends once',
  async (how) => {
    const lambda = await start('create-session');
    const { vendor, dynamoDb } = lambda;
    await handOver(lambda, 'before-the-freeze');
    for (const side of [vendor, dynamoDb]) side.closeIdleConnections(how);
    const calls = dynamoDb.calls.length;
    await sleep(1_100); // A function counts as frozen after an idle second.
    await handOver(lambda);
    expect([vendor.requests.length, dynamoDb.calls.length - calls]).toEqual([2, 2]);
    expect((await linesOf(lambda)).at(-1)).toMatchObject({ vendorAttempts: 1, storeCalls: 2 });
  },
);

test('uses the table over a new connection if the network has dropped the old one', async () => {
  const servers = await start('launch');
  const proxy = await startForgetfulProxy(Number(new URL(servers.dynamoDb.origin).port));
  try {
    servers.dynamoDb.answerFor(`127.0.0.1:${proxy.port}`);
    const lambda = await start('create-session', {
      beside: servers,
      variables: { AWS_ENDPOINT_URL_DYNAMODB: `https://127.0.0.1:${proxy.port}` },
    });
    const first = await handOver(lambda);
    proxy.forget();
    expect(await handOver(lambda)).toBe(first);
    expect(proxy.lostBytes).toBeGreaterThan(0);
    const last = (await linesOf(lambda)).at(-1);
    expect(last).toMatchObject({ outcome: 'session_resumed', storeCalls: 1 });
    expect(last?.store).toBeUndefined();
  } finally {
    await proxy.close();
  }
});

test('hands over where DynamoDB fails, and says why', async () => {
  const lambda = await start('create-session');
  const calls = lambda.dynamoDb.calls.length;
  for (const fault of ['reset', 'deny'] as const) {
    lambda.dynamoDb.fail(fault);
    await handOver(lambda, `uid-of-${fault}`);
  }
  // Two tries of the claim and of the session, and one: the SDK adds none of its own.
  expect(lambda.dynamoDb.calls.length - calls).toBe(2 + 2 + 1);
  const reasons = (await linesOf(lambda)).map(({ store, storeReason }) => [store, storeReason]);
  expect(reasons).toEqual([
    ['unavailable', 'ECONNRESET'],
    ['unavailable', 'AccessDeniedException'],
  ]);
});

test('starts and hands over although DynamoDB cannot be reached', async () => {
  const lambda = await start('create-session', {
    variables: { AWS_ENDPOINT_URL_DYNAMODB: 'https://127.0.0.1:1' },
  });
  await handOver(lambda);
  expect((await linesOf(lambda)).at(-1)).toMatchObject({ store: 'unavailable', storeReason: 'ECONNREFUSED' });
});

/** Leaves the machine to the functions between two looks. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(10);
}

test('a function that is killed while Begini is called blocks no uid, and the others create one session', async () => {
  const first = await start('create-session');
  const { vendor, dynamoDb } = first;
  const others = [first, await start('create-session', { beside: first })];
  const dying = await start('create-session', { beside: first });
  vendor.setFault({ fault: 'hang', times: 1 });
  const died = handOver(dying).catch((error: Error) => error);
  await until(() => vendor.requests.length === 1);
  await linesOf(dying);
  expect(await died).toBeInstanceOf(Error);

  const looks = () => dynamoDb.calls.filter(({ operation }) => operation === 'GetItem').length;
  const enough = looks() + others.length;
  const waiting = others.map((each) => handOver(each));
  await until(() => looks() >= enough);
  const [item] = await dynamoDb.items();
  expect(item?.state).toEqual({ S: 'creating' });
  const claimedUntil = { N: String(Number(item?.claimedUntil?.N) - 14_001) };
  await dynamoDb.run('PutItem', { TableName: dynamoDb.tableName, Item: { ...item, claimedUntil } });
  expect(new Set(await Promise.all(waiting)).size).toBe(1);
  expect(vendor.requests).toHaveLength(2);
});
