import type { ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { simulatedCredentials } from '../../bin/stand-ins/begini/begini-simulator.ts';
import { clientConfig } from '../../bin/stand-ins/client-config.ts';
import { lambdaContext } from '../../bin/stand-ins/gateway/gateway-event.ts';
import { proxyEvent } from '../../bin/stand-ins/gateway/proxy-event.ts';
import type { ApiHandler } from '../../functions/http/api-handler.ts';
import { createReceiveResultHandler } from '../../functions/receive-result/receive-result-handler.ts';
import { ResultKeys } from '../../functions/receive-result/result-keys.ts';
import { ResultQueues } from '../../functions/receive-result/result-queues.ts';
import { killConsumer, rowsIn, startConsumer } from '../support/results-consumer.ts';
import { type Moto, startMoto } from './moto-secrets-manager.ts';

const { apiKey, integrationId } = simulatedCredentials;
const secret = { Name: 'credentials', SecretString: JSON.stringify(simulatedCredentials) };
let moto: Moto;
let sqs: SQSClient;
let secretsManager: SecretsManagerClient;
let queues: ResultQueues;
let resultsQueueUrl: string;
let setAsideQueueUrl: string;
let receive: ApiHandler;
/** How far the receiver's clock is ahead. */
let aheadMs = 0;

beforeAll(async () => {
  moto = await startMoto();
  const config = clientConfig(moto.url);
  sqs = new SQSClient(config);
  secretsManager = new SecretsManagerClient(config);
  const { ARN: credentialsSecretArn = '' } = await secretsManager.send(new CreateSecretCommand(secret));
  resultsQueueUrl = await createQueue('results');
  setAsideQueueUrl = await createQueue('results-set-aside');
  const settings = {
    stage: 'test',
    uidRefKey: 'key-of-the-pseudonyms',
    credentialsSecretArn,
    resultsQueueUrl,
    setAsideQueueUrl,
    previousKeyDays: 7,
  };
  queues = ResultQueues.of(settings, config);
  const keys = new ResultKeys({ client: secretsManager, settings, now: () => Date.now() + aheadMs });
  receive = createReceiveResultHandler({ settings, keys, queues, writeLine: () => undefined });
});
afterAll(async () => {
  for (const client of [sqs, secretsManager]) client.destroy();
  queues.close();
  await moto.stop();
});

async function createQueue(QueueName: string): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName }));
  return QueueUrl;
}

const event = { type: 'psychometric_score.complete', details: { calculated: { score: 612 } } };
/** It changes when it is parsed and written again. */
const bodyOf = (uid: string) =>
  JSON.stringify({ uid, integration_id: integrationId, event }, undefined, 1).replace('612', '612.0');

/** Sends an event as Begini does; the status of the answer. */
async function deliver(body: string, key = apiKey): Promise<number> {
  const signature = createHmac('sha512', key).update(body).digest('hex');
  const call = proxyEvent(body, { resource: '/webhooks/begini', headers: { 'X-Signature': signature } });
  return (await receive(call, lambdaContext('lambda-request', Date.now() + 14_000))).statusCode;
}

/** Takes the one message of a queue. */
async function take(QueueUrl: string) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'], MaxNumberOfMessages: 10 }),
  );
  expect(Messages).toHaveLength(1);
  const [{ Body = '', MessageAttributes = {}, ReceiptHandle } = {}] = Messages;
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  const attributes = Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]);
  return { body: Body, attributes: Object.fromEntries(attributes) };
}

test('a signed event is in the queue, byte for byte and with its attributes; another is in none', async () => {
  const body = bodyOf('ABCDE-12345 é');
  expect(await deliver(body)).toBe(200);
  expect(await deliver(bodyOf('ABCDE-12345'), 'another key')).toBe(401);
  expect(await take(resultsQueueUrl)).toMatchObject({
    body,
    attributes: { integrationId, eventType: event.type, keyVersion: expect.any(String), stage: 'test' },
  });
});

test('a signed event that is no text for Amazon SQS is set aside as base64', async () => {
  expect(await deliver('\u0000')).toBe(200);
  expect(await take(setAsideQueueUrl)).toMatchObject({
    body: 'AA==',
    attributes: { encoding: 'base64', reason: 'result_unreadable' },
  });
});

test('after a renewal, events signed with either key are accepted', async () => {
  const renewed = { apiKey: 'renewed-key', integrationId };
  const SecretString = JSON.stringify(renewed);
  await secretsManager.send(new PutSecretValueCommand({ SecretId: secret.Name, SecretString }));
  aheadMs += 1_000; // A read for an unknown key is not repeated earlier.
  for (const key of [renewed.apiKey, apiKey]) {
    expect(await deliver(bodyOf('ABCDE-12345'), key)).toBe(200);
    await take(resultsQueueUrl);
  }
});

test.each([
  ['take-results.mjs', process.execPath],
  ['take_results.py', 'python3'],
])('%s takes a result into its database, then deletes it', async (file, program) => {
  const folder = mkdtempSync(join(tmpdir(), 'begini-results-'));
  const consumer = startConsumer({ program, file, folder, endpoint: moto.url, queueUrl: resultsQueueUrl });
  try {
    const body = bodyOf(`ABCDE-${file.length}`);
    expect(await deliver(body)).toBe(200);
    await untilEmpty(consumer);
    expect(rowsIn(folder, 'result')).toMatchObject([{ body, type: event.type }]);
  } finally {
    await killConsumer(consumer);
    rmSync(folder, { recursive: true });
  }
});

/** Resolves when the consumer has taken and deleted every result. */
async function untilEmpty(consumer: ChildProcess): Promise<void> {
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  for (;;) {
    if (consumer.exitCode !== null) throw new Error('The consumer has ended: python3 needs boto3.');
    const command = new GetQueueAttributesCommand({
      QueueUrl: resultsQueueUrl,
      AttributeNames: [...AttributeNames],
    });
    const { Attributes = {} } = await sqs.send(command);
    if (AttributeNames.every((name) => Attributes[name] === '0')) return;
  }
}
