import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientConfig } from '../../../../bin/stand-ins/client-config.ts';
import { localQueueNames } from '../../../../bin/stand-ins/local-stage.ts';
import { type LocalQueue, maxReceiveCount, type Sqs, startSqs } from '../../../../bin/stand-ins/sqs/sqs.ts';

let now: number;
let standIn: Sqs;
let client: SQSClient;

beforeEach(async () => {
  now = Date.UTC(2026, 10, 22);
  standIn = await startSqs({ now: () => now });
  client = new SQSClient(clientConfig(standIn.origin));
});
afterEach(async () => {
  client.destroy();
  await standIn.close();
});

const send = (MessageBody: string, MessageAttributes?: Record<string, MessageAttributeValue>) =>
  client.send(
    new SendMessageCommand({ QueueUrl: standIn.queueUrl('results'), MessageBody, MessageAttributes }),
  );
const receive = async (
  queue: LocalQueue = 'results',
  more: Omit<ReceiveMessageCommandInput, 'QueueUrl'> = {},
) =>
  (await client.send(new ReceiveMessageCommand({ QueueUrl: standIn.queueUrl(queue), ...more }))).Messages ??
  [];
const receiveOne = async (queue?: LocalQueue, more?: Omit<ReceiveMessageCommandInput, 'QueueUrl'>) =>
  (await receive(queue, more))[0] ?? {};
const remove = (ReceiptHandle: string | undefined) =>
  client.send(new DeleteMessageCommand({ QueueUrl: standIn.queueUrl('results'), ReceiptHandle }));
const hide = (ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
  client.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: standIn.queueUrl('results'),
      ReceiptHandle,
      VisibilityTimeout,
    }),
  );
const attributes = async (queue: LocalQueue) =>
  (
    await client.send(
      new GetQueueAttributesCommand({ QueueUrl: standIn.queueUrl(queue), AttributeNames: ['All'] }),
    )
  ).Attributes ?? {};
const pass = (seconds: number): void => {
  now += seconds * 1_000;
};
const text = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue });

describe('a message', () => {
  test('comes as it was sent, with the attributes that were asked for, and sums that the SDK accepts', async () => {
    const body = ' {"uid":"ABCDE-12345","score":1.0}\r\n\t\u{1F600}\uFEFF';
    const sent = await send(body, {
      id: text('abc'),
      raw: { DataType: 'Binary', BinaryValue: Buffer.from('é') },
    });
    const { Body, Attributes, MessageAttributes, MessageId } = await receiveOne('results', {
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
    });
    expect({ Body, Attributes, MessageId }).toEqual({
      Body: body,
      Attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(now) },
      MessageId: sent.MessageId,
    });
    expect(MessageAttributes).toMatchObject({ id: text('abc'), raw: { DataType: 'Binary' } });
    expect(Buffer.from(MessageAttributes?.raw?.BinaryValue ?? '').toString()).toBe('é');
    pass(31);
    expect((await receiveOne()).MessageAttributes).toBeUndefined();
  });

  test('has the sum of its attributes that AWS documents', async () => {
    // Made by other code: hashlib in Python, and moto 5.2.1.
    const { MD5OfMessageAttributes } = await send('x', { stage: text('test'), id: text('abc') });
    expect(MD5OfMessageAttributes).toBe('f023b8822cfcaaaabe74335fe5b1e9fc');
  });

  test('is hidden while it is received, and comes back until it is deleted', async () => {
    await send('x');
    await receive();
    expect(await receive()).toEqual([]);
    pass(30);
    const { ReceiptHandle } = await receiveOne();
    await remove(ReceiptHandle);
    await remove(ReceiptHandle);
    pass(30);
    expect(await receive()).toEqual([]);
  });

  test('is not deleted by the handle of an earlier receive', async () => {
    await send('x');
    const { ReceiptHandle } = await receiveOne();
    pass(30);
    await receive();
    await remove(ReceiptHandle);
    pass(30);
    expect(await receive()).toHaveLength(1);
  });

  test('is visible when its consumer says so', async () => {
    await send('x');
    const { ReceiptHandle } = await receiveOne();
    await hide(ReceiptHandle, 600);
    pass(599);
    expect(await receive()).toEqual([]);
    await hide(ReceiptHandle, 0);
    expect(await receive()).toHaveLength(1);
  });

  test('is dead after ten receives, and comes back as a new one by the move task', async () => {
    const { MessageId } = await send('x', { id: text('abc') });
    for (let receives = 0; receives < maxReceiveCount; receives += 1) {
      expect(await receive()).toHaveLength(1);
      pass(30);
    }
    expect(await receive()).toEqual([]);
    expect(await attributes('dead')).toMatchObject({ ApproximateNumberOfMessages: '1' });
    const dead = await receiveOne('dead', { AttributeNames: ['All'], VisibilityTimeout: 0 });
    expect(dead).toMatchObject({
      MessageId,
      Attributes: { DeadLetterQueueSourceArn: standIn.queueArn('results') },
    });
    await client.send(new StartMessageMoveTaskCommand({ SourceArn: standIn.queueArn('dead') }));
    const moved = await receiveOne('results', { MessageAttributeNames: ['id'], AttributeNames: ['All'] });
    expect(moved).toMatchObject({
      Body: 'x',
      MessageAttributes: { id: text('abc') },
      Attributes: { ApproximateReceiveCount: '1' },
    });
    expect(moved.MessageId).not.toBe(MessageId);
  });

  test('ends a long poll at once', async () => {
    const polled = receive('results', { WaitTimeSeconds: 20, MaxNumberOfMessages: 10 });
    await send('x');
    expect(await polled).toHaveLength(1);
  });

  test('is deleted in a batch, in which each entry has its own answer', async () => {
    await send('x');
    const { ReceiptHandle } = await receiveOne();
    const { Successful, Failed } = await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: standIn.queueUrl('results'),
        Entries: [
          { Id: 'good', ReceiptHandle },
          { Id: 'bad', ReceiptHandle: 'nonsense' },
        ],
      }),
    );
    expect(Successful).toEqual([{ Id: 'good' }]);
    expect(Failed).toMatchObject([{ Id: 'bad', Code: 'ReceiptHandleIsInvalid', SenderFault: true }]);
    expect(standIn.messages('results')).toEqual([]);
  });
});

describe('queues', () => {
  test('are listed, found by name, and say what is in them', async () => {
    const { QueueUrls } = await client.send(
      new ListQueuesCommand({ QueueNamePrefix: 'begini-session-test' }),
    );
    expect(QueueUrls).toHaveLength(3);
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: localQueueNames.results }));
    expect(QueueUrl).toBe(standIn.queueUrl('results'));
    await send('x');
    await send('y');
    await receive();
    expect(await attributes('results')).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      MessageRetentionPeriod: String(14 * 24 * 3_600),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: standIn.queueArn('dead'), maxReceiveCount: 10 }),
    });
  });

  test('give nothing back but from a dead-letter queue', async () => {
    await expect(
      client.send(new StartMessageMoveTaskCommand({ SourceArn: standIn.queueArn('setAside') })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});

describe('refuses what SQS refuses', () => {
  test.each<[string, string, Record<string, MessageAttributeValue> | undefined, string]>([
    ['an empty body', '', undefined, 'MissingParameter'],
    ['a NUL', 'a\0b', undefined, 'InvalidMessageContents'],
    ['U+FFFE', 'a\uFFFE', undefined, 'InvalidMessageContents'],
    ['a NUL in an attribute', 'x', { id: text('\0') }, 'InvalidMessageContents'],
    ['1 MiB and a byte', 'x'.repeat(1_048_577), undefined, 'InvalidParameterValue'],
    ['1 MiB with an attribute', 'x'.repeat(1_048_576), { id: text('a') }, 'InvalidParameterValue'],
    ['an attribute without a value', 'x', { id: text('') }, 'InvalidParameterValue'],
    [
      'an attribute of an unknown type',
      'x',
      { id: { DataType: 'Text', StringValue: 'x' } },
      'InvalidParameterValue',
    ],
    ['an attribute of AWS', 'x', { 'AWS.id': text('x') }, 'InvalidParameterValue'],
    [
      'eleven attributes',
      'x',
      Object.fromEntries([...'abcdefghijk'].map((name) => [name, text('x')])),
      'InvalidParameterValue',
    ],
  ])('%s', async (_, body, messageAttributes, name) => {
    await expect(send(body, messageAttributes)).rejects.toMatchObject({ name });
    expect(standIn.messages('results')).toEqual([]);
  });

  test('accepts 1 MiB, also where each byte of its JSON is escaped', async () => {
    await send('\n'.repeat(1_048_576));
    expect(standIn.messages('results')[0]?.body).toHaveLength(1_048_576);
  });

  test('a handle that is none, of another queue, or of a message that is not received', async () => {
    standIn.send('dead', { body: 'x', attributes: {} });
    const { ReceiptHandle: foreign } = await receiveOne('dead');
    for (const handle of ['nonsense', foreign]) {
      await expect(remove(handle)).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
      await expect(hide(handle, 0)).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
    }
    await send('x');
    const { ReceiptHandle } = await receiveOne();
    pass(30);
    await expect(hide(ReceiptHandle, 0)).rejects.toMatchObject({ name: 'MessageNotInflight' });
    await remove(ReceiptHandle);
    await expect(hide(ReceiptHandle, 0)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  test.each([
    { MaxNumberOfMessages: 11 },
    { MaxNumberOfMessages: 0 },
    { WaitTimeSeconds: 21 },
    { VisibilityTimeout: 43_201 },
  ])('a receive with %j', async (input) => {
    await expect(receive('results', input)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  test('a queue that does not exist', async () => {
    const QueueUrl = `${standIn.queueUrl('results')}-other`;
    await expect(client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      Error: { Code: 'AWS.SimpleQueueService.NonExistentQueue' },
    });
  });
});

describe('fails as it is told to', () => {
  test('with an error, as often as asked, for one operation', async () => {
    standIn.fail('internal-error', { times: 1, operation: 'SendMessage' });
    await receive();
    await expect(send('x')).rejects.toMatchObject({ name: 'InternalFailure' });
    await send('x');
    expect(standIn.calls.map(({ operation }) => operation)).toEqual([
      'ReceiveMessage',
      'SendMessage',
      'SendMessage',
    ]);
  });

  test('with a lost answer: the message is in the queue', async () => {
    standIn.fail('lost-answer', { times: 1 });
    await expect(send('x')).rejects.toMatchObject({ message: expect.stringContaining('ECONNRESET') });
    expect(standIn.messages('results')).toHaveLength(1);
  });
});
