import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { type Lambda, startLambda } from '../../support/lambda.ts';

const uid = 'CANARY-UID-4711';
const running: Lambda[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((lambda) => lambda.stop()));
});

async function start(...parameters: Parameters<typeof startLambda>): Promise<Lambda> {
  const lambda = await startLambda(...parameters);
  running.push(lambda);
  return lambda;
}

/** Ends the function, and returns all its output. */
async function outputOf(lambda: Lambda): Promise<{ stdout: string; stderr: string }> {
  running.splice(running.indexOf(lambda), 1);
  return await lambda.stop();
}

const invoke = ({ environment }: Lambda, event: APIGatewayProxyEvent) =>
  environment.invoke(event) as Promise<APIGatewayProxyResult>;

const launchEvent = (httpMethod: string, token: string) =>
  proxyEvent('', {
    httpMethod,
    resource: '/launch/{token}',
    path: `/launch/${token}`,
    pathParameters: { token },
    headers: { Accept: 'text/html' },
  });

test('make a link, show its page and start the session, without uid or token in any output', async () => {
  const opener = await start('launch');
  const maker = await start('create-launch-link', {
    variables: {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: opener.secretsManager.url,
      LAUNCH_KEY_SECRET_ARN: opener.secretsManager.arnOf('launch-key'),
    },
  });
  const requestContext = {
    requestId: 'r',
    requestTimeEpoch: Date.now(),
    domainName: 'api.example',
    stage: 'test',
  };
  const made = await invoke(maker, proxyEvent({ uid }, { requestContext: requestContext as never }));
  expect(made.statusCode).toBe(201);
  const { url } = JSON.parse(made.body) as { url: string };
  expect(url).toMatch(/^https:\/\/api\.example\/test\/launch\/[0-9A-Za-z]+$/);
  expect(maker.vendor.connections).toBe(0);

  const token = url.split('/').at(-1) ?? '';
  const shown = await invoke(opener, launchEvent('GET', token));
  expect(shown.statusCode).toBe(200);
  expect(shown.body).toContain('<header><bdi>Your lender</bdi></header>');
  expect(opener.vendor.requests).toHaveLength(0);
  expect((await invoke(opener, launchEvent('POST', token))).headers?.Location).toContain(
    opener.vendor.origin,
  );
  expect((await invoke(opener, launchEvent('POST', `${token}A`))).statusCode).toBe(403);

  for (const lambda of [maker, opener]) {
    const { stdout, stderr } = await outputOf(lambda);
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toHaveLength(lambda === maker ? 1 : 3);
    for (const part of ['CANARY', token, 'eyJ']) {
      expect(stdout).not.toContain(part);
    }
  }
});

test('lead to the stage’s own domain if it has one', async () => {
  const maker = await start('create-launch-link', {
    variables: { LAUNCH_BASE_URL: 'https://start.lender.example' },
  });
  const { url } = JSON.parse((await invoke(maker, proxyEvent({ uid }))).body) as { url: string };
  expect(url).toMatch(/^https:\/\/start\.lender\.example\/launch\/[0-9A-Za-z]+$/);
});

test('are renewed by a rotation function that runs its four steps', async () => {
  const lambda = await start('rotate-launch-key');
  const SecretId = lambda.secretsManager.arnOf('launch-key');
  const ClientRequestToken = randomUUID();
  for (const Step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret']) {
    await lambda.environment.invoke({ SecretId, ClientRequestToken, Step });
  }
  expect(lambda.secretsManager.requests.map(({ operation }) => operation)).toEqual([
    'PutSecretValue',
    'DescribeSecret',
    'UpdateSecretVersionStage',
  ]);
});
