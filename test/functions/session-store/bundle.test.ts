import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { APIGatewayProxyResult } from 'aws-lambda';
import type { TableFault } from '../../../bin/stand-ins/dynamodb/dynamodb.ts';
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

async function handOver({ environment }: Lambda, ownUid = uid): Promise<string> {
  const response = (await environment.invoke(proxyEvent({ uid: ownUid }))) as APIGatewayProxyResult;
  expect(response.statusCode).toBe(302);
  return String(response.headers?.Location);
}

/** Ends the function, and returns all its log lines. */
async function linesOf(lambda: Lambda): Promise<Record<string, unknown>[]> {
  running.splice(running.indexOf(lambda), 1);
  const { stdout } = await lambda.stop();
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const operations = ({ dynamoDb }: Lambda) => dynamoDb.calls.map(({ operation }) => operation);

test('connects once to each of three sides during init, for 50 requests', async () => {
  const lambda = await start('create-session');
  const { vendor, secretsManager, dynamoDb } = lambda;
  const connections = () => [secretsManager.connections, vendor.connections, dynamoDb.connections];
  expect(connections()).toEqual([1, 1, 1]);
  for (let requests = 0; requests < 50; requests += 1) await handOver(lambda, `uid-${requests}-of-50`);
  expect(connections()).toEqual([1, 1, 1]);
});

test('calls the table twice for a created session, and once for a resumed one', async () => {
  const lambda = await start('create-session');
  const warmUp = operations(lambda);
  expect(warmUp).toEqual(['GetItem']);
  const first = await handOver(lambda);
  expect(operations(lambda)).toEqual([...warmUp, 'PutItem', 'PutItem']);
  expect(await handOver(lambda)).toBe(first);
  expect(operations(lambda)).toEqual([...warmUp, 'PutItem', 'PutItem', 'PutItem']);
  expect(lambda.vendor.requests).toHaveLength(1);
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
  'uses the table after a freeze in which its connection was closed by %s',
  async (how) => {
    const lambda = await start('create-session');
    const first = await handOver(lambda);
    lambda.dynamoDb.closeIdleConnections(how);
    await sleep(1_100); // A function counts as frozen after an idle second.
    expect(await handOver(lambda)).toBe(first);
    expect((await linesOf(lambda)).at(-1)).toMatchObject({ outcome: 'session_resumed', storeCalls: 1 });
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

test('hands over if the table is deleted', async () => {
  const lambda = await start('create-session');
  await lambda.dynamoDb.deleteTable();
  await handOver(lambda);
  expect((await linesOf(lambda)).at(-1)).toMatchObject({
    outcome: 'session_created',
    store: 'unavailable',
    storeReason: 'ResourceNotFoundException',
  });
});

test.each([
  ['hang', 'TimeoutError'],
  ['reset', 'ECONNRESET'],
  ['throttle', 'ThrottlingException'],
  ['deny', 'AccessDeniedException'],
] as [TableFault, string][])('hands over where DynamoDB fails: %s', async (fault, storeReason) => {
  const lambda = await start('create-session', { isPunctual: fault === 'hang' });
  lambda.dynamoDb.fail(fault);
  await handOver(lambda);
  expect((await linesOf(lambda)).at(-1)).toMatchObject({
    outcome: 'session_created',
    store: 'unavailable',
    storeReason,
  });
});

test('starts and hands over although DynamoDB cannot be reached', async () => {
  const lambda = await start('create-session', {
    variables: { AWS_ENDPOINT_URL_DYNAMODB: 'https://127.0.0.1:1' },
  });
  await handOver(lambda);
  expect((await linesOf(lambda)).at(-1)).toMatchObject({ store: 'unavailable', storeReason: 'ECONNREFUSED' });
});
