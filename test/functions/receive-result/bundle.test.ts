import { createHash, createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { simulatedCredentials } from '../../../bin/stand-ins/begini/begini-simulator.ts';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { type LoopbackServer, readBody, startLoopbackServer } from '../../../bin/stand-ins/loopback.ts';
import { certificateOnce, type Lambda, startLambda } from '../../support/lambda.ts';

let queues: LoopbackServer;
/** The bodies that reached a queue, in the order of their tries. */
let tries: string[];
/** How many of the next tries are reset before their answer. */
let resets: number;
let lambda: Lambda;

beforeEach(async () => {
  tries = [];
  resets = 0;
  queues = await startLoopbackServer({
    tls: await certificateOnce(),
    listener: async (request, response) => {
      const { MessageBody } = JSON.parse(String(await readBody(request, 1_000_000))) as {
        MessageBody: string;
      };
      tries.push(MessageBody);
      if (resets > 0) {
        resets -= 1;
        queues.reset(request);
        return;
      }
      const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
      response.setHeader('Content-Type', 'application/x-amz-json-1.0');
      response.end(JSON.stringify({ MessageId: 'a', MD5OfMessageBody }));
    },
  });
  lambda = await startLambda('receive-result', {
    variables: {
      RESULTS_QUEUE_URL: `${queues.origin}/111111111111/results`,
      RESULTS_SET_ASIDE_QUEUE_URL: `${queues.origin}/111111111111/set-aside`,
      PREVIOUS_KEY_DAYS: '7',
      AWS_ENDPOINT_URL_SQS: queues.origin,
    },
  });
});

afterEach(async () => {
  await lambda.stop();
  await queues.close();
});

const bodyOf = (number: number) =>
  `{"uid":"CANARY-UID-${number}","event":{"type":"psychometric_score.complete","details":{"score":"CANARY"}}}`;
const signatureOf = (body: string) =>
  createHmac('sha512', simulatedCredentials.apiKey).update(body).digest('hex');
const deliver = (body: string) =>
  lambda.environment.invoke(
    proxyEvent(body, { headers: { 'X-Signature': signatureOf(body) } }),
  ) as Promise<APIGatewayProxyResult>;

test('connects to the queues once, during init, and puts neither uid, score, key nor signature into any output', async () => {
  expect(queues.connections).toBe(1);
  const bodies = [1, 2, 3].map(bodyOf);
  for (const body of bodies) expect(await deliver(body)).toMatchObject({ statusCode: 200, body: '{}' });
  expect(tries).toEqual(bodies);
  expect(queues.connections).toBe(1);

  const { stdout, stderr } = await lambda.stop();
  expect(stderr).toBe('');
  expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  for (const text of ['CANARY', simulatedCredentials.apiKey, ...bodies.map(signatureOf)]) {
    expect(stdout).not.toContain(text);
  }
});

test('sends once more, over a fresh connection, what got no answer, and no third time', async () => {
  await deliver(bodyOf(1));
  resets = 1;
  expect((await deliver(bodyOf(2))).statusCode).toBe(200);
  expect(queues.connections).toBe(2);
  resets = 2;
  expect((await deliver(bodyOf(3))).statusCode).toBe(503);
  expect(tries).toEqual([1, 2, 2, 3, 3].map(bodyOf));
});
