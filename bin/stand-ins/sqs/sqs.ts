import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FaultOptions, networkFaults, playFaults } from '../call-faults.ts';
import { localQueueNames } from '../local-stage.ts';
import { type LoopbackServer, readBody, startLoopbackServer } from '../loopback.ts';
import type { MessageContent } from './message.ts';
import { Queue, type StoredMessage } from './queue.ts';
import { queueDoesNotExist, SqsError } from './sqs-error.ts';
import { perform, type Queues } from './sqs-operations.ts';

/** How to start the stand-in; everything has a default. */
export interface SqsOptions {
  /** 0, the default, means any free port. */
  port?: number;
  /** Key and certificate as PEM: the stand-in then speaks HTTPS, as SQS does. */
  tls?: { key: string; cert: string } | undefined;
  /** The clock of the queues, in epoch milliseconds. */
  now?: () => number;
}

/** One of the three queues of a stage with results. */
export type LocalQueue = keyof typeof localQueueNames;

const errors = {
  throttle: new SqsError('RequestThrottled', 'A simulated error', { statusCode: 403 }),
  deny: new SqsError('AccessDeniedException', 'A simulated error', { statusCode: 403, code: 'AccessDenied' }),
  'internal-error': new SqsError('InternalFailure', 'A simulated error', { statusCode: 500 }),
  'no-queue': queueDoesNotExist(),
} as const;

/** How SQS misbehaves: with an error, or as a network does. */
export const sqsFaults = [...networkFaults, ...(Object.keys(errors) as (keyof typeof errors)[])];
export type SqsFault = 'none' | (typeof sqsFaults)[number];

/** A call that reached the stand-in; it holds no message. */
export type SqsCall = { operation: string };

/** A running stand-in for SQS. */
export interface Sqs
  extends Pick<
    LoopbackServer,
    'origin' | 'connections' | 'answerFor' | 'closeIdleConnections' | 'refuseConnections' | 'close'
  > {
  readonly calls: readonly SqsCall[];
  queueUrl(queue: LocalQueue): string;
  queueArn(queue: LocalQueue): string;
  /** All messages of a queue, hidden ones too. */
  messages(queue: LocalQueue): readonly StoredMessage[];
  /** Sends a message without the network and its faults. */
  send(queue: LocalQueue, content: MessageContent): void;
  /** Deletes all messages of all queues. */
  purge(): void;
  fail(fault: SqsFault, options?: FaultOptions): void;
}

const region = 'us-east-1';
const account = '000000000000';
const contentType = 'application/x-amz-json-1.0';
const targetPrefix = 'AmazonSQS.';
/** More than the largest message in JSON, where each character may be escaped. */
const largestRequestBytes = 8_000_000;
/** After so many receives a message that nobody deleted is dead. */
export const maxReceiveCount = 10;
/** Longer than the receiver waits for one try. */
const slowMs = 1_500;

/**
 * Stands in for Amazon SQS on this machine: speaks its wire protocol (AWS JSON 1.0) to the SDKs and the AWS CLI, with
 * any credentials. Keeps the three queues of a stage in memory and never prints a message.
 */
export async function startSqs({ port = 0, tls, now = Date.now }: SqsOptions = {}): Promise<Sqs> {
  const dead = new Queue(localQueueNames.dead, now);
  const own: Record<LocalQueue, Queue> = {
    dead,
    results: new Queue(localQueueNames.results, now, { deadLetterQueue: dead, maxReceiveCount }),
    setAside: new Queue(localQueueNames.setAside, now),
  };
  const calls: SqsCall[] = [];
  const faults = playFaults(errors, slowMs);
  const server = await startLoopbackServer({ port, tls, listener });
  const queues: Queues = {
    all: Object.values(own),
    urlOf: ({ name }) => `${server.origin}/${account}/${name}`,
    arnOf: ({ name }) => `arn:aws:sqs:${region}:${account}:${name}`,
  };

  async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await readBody(request, largestRequestBytes))?.toString() ?? '';
    const target = String(request.headers['x-amz-target']);
    const operation = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : '';
    calls.push({ operation });
    try {
      const answer = await faults.play(
        operation,
        () => server.reset(request),
        async (error) => {
          if (error) throw error;
          return await perform(queues, operation, body);
        },
      );
      if (answer) send(response, 200, answer);
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      response.setHeader(
        'x-amzn-query-error',
        `${error.code};${error.statusCode < 500 ? 'Sender' : 'Receiver'}`,
      );
      send(response, error.statusCode, { __type: `com.amazonaws.sqs#${error.name}`, message: error.message });
    }
  }

  return {
    origin: server.origin,
    get connections() {
      return server.connections;
    },
    calls,
    queueUrl: (queue) => queues.urlOf(own[queue]),
    queueArn: (queue) => queues.arnOf(own[queue]),
    messages: (queue) => own[queue].messages,
    send: (queue, content) => void own[queue].send(content),
    purge() {
      for (const queue of queues.all) queue.messages = [];
    },
    fail: faults.set,
    answerFor: server.answerFor,
    closeIdleConnections: server.closeIdleConnections,
    refuseConnections: server.refuseConnections,
    close: server.close,
  };
}

function send(response: ServerResponse, statusCode: number, answer: object): void {
  response.writeHead(statusCode, { 'Content-Type': contentType, 'x-amzn-RequestId': randomUUID() });
  response.end(JSON.stringify(answer));
}
