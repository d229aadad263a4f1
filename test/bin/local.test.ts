import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from '../../bin/local/local-service.ts';
import { localApiKey } from '../../bin/stand-ins/local-stage.ts';
import { checkedFetch } from '../support/checked-fetch.ts';
import { startCommand } from '../support/start-command.ts';

const uid = 'QWERT-67890-XY';
let cleanUp: () => unknown = () => undefined;

afterEach(async () => {
  await cleanUp();
});

const post = (url: string, headers: Record<string, string> = { 'x-api-key': localApiKey }) =>
  checkedFetch(`${url}/sessions`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ uid }),
  });

/** Five ports in a row, below the ephemeral ports of operating systems. */
const ports = 10_000 + (process.pid % 4_000) * 5;
const PORT = String(ports);

/** Starts the program with a port, or other variables. */
function startProgram(environment: { PORT: string; WEBHOOK_URL?: string }, ...parameters: string[]) {
  const program = startCommand('local.ts', parameters, { environment });
  cleanUp = () => program.interrupt('SIGKILL');
  return program;
}
/** Starts the service in this process. */
async function startService(options?: Parameters<typeof startLocalService>[1]): Promise<LocalService> {
  const service = await startLocalService(0, options);
  cleanUp = service.close;
  return service;
}

test('redirects a loan app’s call to the assessment page', async () => {
  const service = await startService();
  const response = await post(service.gateway.url);
  expect(response.status).toBe(302);
  const location = response.headers.get('location') ?? '';
  expect(location.startsWith(`${service.vendor.origin}/`)).toBe(true);
  expect(await (await fetch(location)).text()).toContain('This is where the Begini assessment would start');
});

test('serves the contract, with its own address as the server', async () => {
  const service = await startService();
  const response = await fetch(new URL('/openapi.json', service.gateway.url));
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toMatchObject({
    openapi: '3.1.1',
    servers: [{ url: service.gateway.url }],
    paths: { '/sessions': { post: { operationId: 'createSession' } } },
  });
});

test('answers whatever is sent to a stand-in, and keeps the latest requests only', async () => {
  const service = await startService({ mostKept: 2 });
  const { vendor, secretsManager, dynamoDb } = service;
  const targets = ['DynamoDB_20120810.PutItem', 'DynamoDB_20120810.Nope', 'secretsmanager.PutSecretValue'];
  for (const origin of [vendor.origin, `${vendor.origin}/_control`, secretsManager.url, dynamoDb.origin]) {
    for (const body of ['null', '[]', '1', '"x"', '{', '{"TableName":null}', '{"SecretId":null}']) {
      for (const target of targets) {
        const { status } = await fetch(origin, {
          method: 'POST',
          headers: { 'X-Amz-Target': target, 'Content-Type': 'application/x-amz-json-1.0' },
          body,
        });
        expect(status).toBeGreaterThan(0);
      }
    }
  }
  expect((await post(service.gateway.url)).status).toBe(302);
  const kept = [vendor.requests, secretsManager.requests, dynamoDb.calls];
  expect(kept.map(({ length }) => length)).toEqual([2, 2, 2]);
});

test('prints its address, then one line per request without uid or token', async () => {
  const program = startProgram({ PORT });
  const welcome = await program.shows('Requests:');
  expect(welcome).toContain(`curl -i http://127.0.0.1:${ports}/test/sessions`);
  expect(welcome).toContain(`PORT=${ports} npm run rotate -- --stage test --local`);
  const response = await post(`http://127.0.0.1:${ports}/test`);
  const output = await program.shows(String(response.headers.get('x-request-id')));
  expect(output.split('\n').at(-2)).toMatch(
    new RegExp(
      `^\\d\\d:\\d\\d:\\d\\d {2}POST /sessions {2}302 session_created {2}\\d+ ms {2}${response.headers.get('x-request-id')}$`,
    ),
  );
  for (const secret of [uid, 'eyJ']) expect(output).not.toContain(secret);
});

test('prints the log lines with --log, and each failure of the runbook can be provoked', async () => {
  const program = startProgram({ PORT }, '--log');
  await program.shows('Requests:');
  const send = (offset: number, target: string, body: object) =>
    fetch(`http://127.0.0.1:${ports + offset}${target === '' ? '/_control' : ''}`, {
      method: 'POST',
      headers: { 'X-Amz-Target': target, 'Content-Type': 'application/x-amz-json-1.0' },
      body: JSON.stringify(body),
    });
  const secret = { SecretId: 'begini-session/test/credentials', SecretString: 'UNSET' };
  await send(2, 'secretsmanager.PutSecretValue', secret);
  await send(1, '', { apiKey: 'renewed', integrationId: 'simulated-integration-1' });
  await send(3, 'DynamoDB_20120810.DeleteTable', { TableName: 'begini-session-test-sessions' });
  expect((await post(`http://127.0.0.1:${ports}/test`)).status).toBe(503);
  const output = await program.shows('503 credentials_not_set');
  expect(JSON.parse(/^\{.*/m.exec(output)?.[0] ?? '')).toMatchObject({
    code: 'credentials_not_set',
    store: 'unavailable',
    storeReason: 'ResourceNotFoundException',
  });
});

test.each([
  [[], 'Sunrise Loans'],
  [['--stage', 'production'], 'Your lender'],
])('serves the requested pages: %j', async (parameters, lenderName) => {
  await startProgram({ PORT }, ...parameters).shows('Requests:');
  for (const path of ['launch/not-a-token', 'no-such-path']) {
    const response = await checkedFetch(`http://127.0.0.1:${ports}/test/${path}`, {
      headers: { Accept: 'text/html' },
    });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain(lenderName);
  }
});

test.each([
  [['--stage', 'staging'], 'There is no such stage in cdk.json; use Test, Production.'],
  [['--port', '80'], "Unknown option '--port'"],
  [['--auth', 'jwt'], '--auth must be api-key (the default) or iam'],
])('refuses %j, and ends', async (parameters, message) => {
  const { exitCode, stderr } = await startProgram({ PORT }, ...parameters).ended;
  expect(stderr).toContain(message);
  expect(exitCode).toBe(1);
});

test.each(['SIGINT', 'SIGTERM'] as const)('stops cleanly on %s', async (signal) => {
  const program = startProgram({ PORT });
  await program.shows('Requests:');
  program.interrupt(signal);
  expect(await program.ended).toMatchObject({ exitCode: 0 });
});

test('names a port in use, and ends', async () => {
  const taken = createServer();
  await once(taken.listen(ports + 1, '127.0.0.1'), 'listening');
  const { exitCode, stderr } = await startProgram({ PORT }).ended;
  taken.close();
  expect(stderr).toContain(`Port ${ports + 1} is in use`);
  expect(exitCode).toBe(1);
});

test.each(['abc', '0', '65532', '1.5'])('refuses the PORT %s', async (port) => {
  const { stderr } = await startProgram({ PORT: port }).ended;
  expect(stderr).toContain('PORT must be a whole number');
});

test('refuses a WEBHOOK_URL on another machine, and ends', async () => {
  const WEBHOOK_URL = 'https://www.lender.example/results';
  const { exitCode, stderr } = await startProgram({ PORT, WEBHOOK_URL }).ended;
  expect(stderr).toContain('WEBHOOK_URL must be an http URL on 127.0.0.1 or localhost');
  expect(exitCode).toBe(1);
});
