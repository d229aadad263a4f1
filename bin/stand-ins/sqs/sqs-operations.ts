import { randomUUID } from 'node:crypto';
import { largestMessageBytes, type MessageAttributes, md5OfAttributes, md5OfBody } from './message.ts';
import type { Queue, ReceivedMessage, StoredMessage } from './queue.ts';
import { invalidParameter, missingParameter, queueDoesNotExist, SqsError } from './sqs-error.ts';

type Input = Record<string, unknown>;

/** The queues of an account, with the addresses that they have on this machine. */
export interface Queues {
  readonly all: readonly Queue[];
  urlOf(queue: Queue): string;
  arnOf(queue: Queue): string;
}

type Operation = (queues: Queues, input: Input) => object | Promise<object>;

const retentionSeconds = 1_209_600;

/** By the name in `X-Amz-Target`. */
const operations: Record<string, Operation> = {
  SendMessage(queues, input) {
    const queue = findQueue(queues, input);
    const body = input.MessageBody ?? '';
    if (typeof body !== 'string') throw invalidParameter('MessageBody must be a string.');
    const attributes = (input.MessageAttributes ?? {}) as MessageAttributes;
    const delaySeconds = numberIn(input, 'DelaySeconds', { from: 0, to: 900, otherwise: 0 });
    const { id } = queue.send({ body, attributes }, delaySeconds);
    return {
      MessageId: id,
      MD5OfMessageBody: md5OfBody(body),
      MD5OfMessageAttributes: md5OfAttributes(attributes),
    };
  },

  async ReceiveMessage(queues, input) {
    const queue = findQueue(queues, input);
    const limit = numberIn(input, 'MaxNumberOfMessages', { from: 1, to: 10, otherwise: 1 });
    const waitSeconds = numberIn(input, 'WaitTimeSeconds', { from: 0, to: 20, otherwise: 0 });
    const visibilitySeconds = visibilityIn(input, queue.visibilitySeconds);
    const names = listIn(input, 'MessageAttributeNames');
    const systemNames = [...listIn(input, 'MessageSystemAttributeNames'), ...listIn(input, 'AttributeNames')];

    // Bounded by the client's own patience: the timer, not the queue's clock, ends the wait.
    const startedAt = performance.now();
    for (;;) {
      const received = queue.receive(limit, visibilitySeconds);
      const leftMs = startedAt + waitSeconds * 1_000 - performance.now();
      if (received.length > 0) {
        return { Messages: received.map((each) => describe(queues, each, names, systemNames)) };
      }
      if (leftMs <= 0) return {};
      await queue.nextMessage(Math.min(leftMs, 1_000));
    }
  },

  DeleteMessage(queues, input) {
    findQueue(queues, input).delete(textIn(input, 'ReceiptHandle'));
    return {};
  },

  DeleteMessageBatch(queues, input) {
    const queue = findQueue(queues, input);
    const entries = (input.Entries ?? []) as Input[];
    checkBatch(entries.map(({ Id }) => String(Id)));
    const results = entries.map((entry) =>
      attempt(entry, () => queue.delete(textIn(entry, 'ReceiptHandle'))),
    );
    return {
      Successful: results.filter((result) => !('Code' in result)),
      Failed: results.filter((result) => 'Code' in result),
    };
  },

  ChangeMessageVisibility(queues, input) {
    const queue = findQueue(queues, input);
    if (input.VisibilityTimeout === undefined) throw missingParameter('VisibilityTimeout');
    queue.changeVisibility(textIn(input, 'ReceiptHandle'), visibilityIn(input, 0));
    return {};
  },

  GetQueueAttributes(queues, input) {
    const all = attributesOf(queues, findQueue(queues, input));
    const names = listIn(input, 'AttributeNames');
    const unknown = names.find((name) => name !== 'All' && !Object.hasOwn(all, name));
    if (unknown !== undefined) throw new SqsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
    const wanted = Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name));
    return { Attributes: Object.fromEntries(wanted.filter(([, value]) => value !== undefined)) };
  },

  GetQueueUrl(queues, input) {
    const name = textIn(input, 'QueueName');
    const queue = queues.all.find((each) => each.name === name);
    if (!queue) throw queueDoesNotExist();
    return { QueueUrl: queues.urlOf(queue) };
  },

  ListQueues(queues, input) {
    const prefix = String(input.QueueNamePrefix ?? '');
    return { QueueUrls: queues.all.filter(({ name }) => name.startsWith(prefix)).map(queues.urlOf) };
  },

  StartMessageMoveTask(queues, input) {
    const source = findByArn(queues, textIn(input, 'SourceArn'));
    const destination =
      input.DestinationArn === undefined ? undefined : findByArn(queues, textIn(input, 'DestinationArn'));
    if (!queues.all.some(({ redrive }) => redrive?.deadLetterQueue === source)) {
      throw invalidParameter('Source queue must be configured as a Dead Letter Queue.');
    }
    source.moveAll(destination);
    return { TaskHandle: Buffer.from(randomUUID()).toString('base64') };
  },
};

/**
 * Performs one operation of the SQS API (2012-11-05, JSON protocol): JSON text in, the answer's members out.
 * @throws SqsError with AWS's name for the error
 */
export async function perform(queues: Queues, operation: string, body: string): Promise<object> {
  const handle = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
  if (!handle) throw new SqsError('UnknownOperationException', 'No such operation here.');
  return await handle(queues, JSON.parse(body || '{}') as Input);
}

function describe(
  queues: Queues,
  { message, receiptHandle }: ReceivedMessage,
  names: readonly string[],
  systemNames: readonly string[],
): object {
  const attributes = Object.fromEntries(
    Object.entries(message.attributes).filter(([name]) => names.some((wanted) => isWanted(wanted, name))),
  );
  const system = Object.entries(systemAttributesOf(queues, message)).filter(
    ([name, value]) => value !== undefined && (systemNames.includes('All') || systemNames.includes(name)),
  );
  return {
    MessageId: message.id,
    ReceiptHandle: receiptHandle,
    Body: message.body,
    MD5OfBody: md5OfBody(message.body),
    MD5OfMessageAttributes: md5OfAttributes(attributes),
    MessageAttributes: Object.keys(attributes).length > 0 ? attributes : undefined,
    Attributes: system.length > 0 ? Object.fromEntries(system) : undefined,
  };
}

const isWanted = (wanted: string, name: string): boolean =>
  wanted === 'All' ||
  wanted === '.*' ||
  wanted === name ||
  (wanted.endsWith('.*') && name.startsWith(wanted.slice(0, -2)));

const systemAttributesOf = (queues: Queues, message: StoredMessage) => ({
  SenderId: 'AIDAEXAMPLE',
  SentTimestamp: String(message.sentAt),
  ApproximateReceiveCount: String(message.receives),
  ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  DeadLetterQueueSourceArn: message.deadLetterSource && queues.arnOf(message.deadLetterSource),
});

function attributesOf(queues: Queues, queue: Queue): Record<string, string | undefined> {
  const { visible, hidden } = queue.counts();
  const { redrive } = queue;
  const policy = redrive && {
    deadLetterTargetArn: queues.arnOf(redrive.deadLetterQueue),
    maxReceiveCount: redrive.maxReceiveCount,
  };
  return {
    QueueArn: queues.arnOf(queue),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(hidden),
    ApproximateNumberOfMessagesDelayed: '0',
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1_000)),
    MaximumMessageSize: String(largestMessageBytes),
    MessageRetentionPeriod: String(retentionSeconds),
    VisibilityTimeout: String(queue.visibilitySeconds),
    SqsManagedSseEnabled: 'true',
    RedrivePolicy: policy && JSON.stringify(policy),
  };
}

/** By the end of its URL, whatever host stands before it: there may be a proxy. */
function findQueue({ all }: Queues, input: Input): Queue {
  const name = textIn(input, 'QueueUrl').split('/').at(-1);
  const queue = all.find((each) => each.name === name);
  if (!queue) throw queueDoesNotExist();
  return queue;
}

function findByArn(queues: Queues, arn: string): Queue {
  const queue = queues.all.find((each) => queues.arnOf(each) === arn);
  if (queue) return queue;
  throw new SqsError('ResourceNotFoundException', 'The resource that you specified does not exist.', {
    statusCode: 404,
  });
}

function checkBatch(ids: readonly string[]): void {
  const fail = (name: string, message: string) => {
    throw new SqsError(name, message, { code: `AWS.SimpleQueueService.${name}` });
  };
  if (ids.length === 0) fail('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (ids.length > 10) fail('TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10.');
  if (new Set(ids).size < ids.length) fail('BatchEntryIdsNotDistinct', 'Two entries have the same id.');
}

function attempt({ Id }: Input, action: () => void): object {
  try {
    action();
    return { Id };
  } catch (error) {
    if (!(error instanceof SqsError)) throw error;
    return { Id, SenderFault: true, Code: error.code, Message: error.message };
  }
}

function textIn(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  throw missingParameter(name);
}

const listIn = (input: Input, name: string): string[] => {
  const value = input[name] ?? [];
  return Array.isArray(value) ? value.map(String) : [];
};

const visibilityIn = (input: Input, otherwise: number) =>
  numberIn(input, 'VisibilityTimeout', { from: 0, to: 43_200, otherwise });

function numberIn(
  input: Input,
  name: string,
  { from, to, otherwise }: { from: number; to: number; otherwise: number },
): number {
  const value = input[name] ?? otherwise;
  if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return value;
  throw invalidParameter(
    `Value ${value} for parameter ${name} is invalid. Reason: Must be between ${from} and ${to}, if provided.`,
  );
}
