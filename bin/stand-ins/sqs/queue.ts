import { randomUUID } from 'node:crypto';
import { checkMessage, type MessageContent } from './message.ts';
import { invalidParameter, invalidReceiptHandle, SqsError } from './sqs-error.ts';

/** A message in a queue; times in epoch milliseconds. */
export interface StoredMessage extends MessageContent {
  id: string;
  sentAt: number;
  visibleAt: number;
  /** How often it was received, and when for the first time. */
  receives: number;
  firstReceivedAt: number | undefined;
  /** The queue that it came from, if it is in a dead-letter queue. */
  deadLetterSource: Queue | undefined;
}

/** A message as it was received, with the handle that deletes it. */
export type ReceivedMessage = { message: StoredMessage; receiptHandle: string };

/** Where messages go that were received too often without being deleted. */
export type Redrive = { deadLetterQueue: Queue; maxReceiveCount: number };

const handleForm = /^([\w-]+):([\da-f-]{36}):(\d+)$/;

/** A standard queue in memory: at least once, in any order. */
export class Queue {
  readonly name: string;
  readonly redrive: Redrive | undefined;
  readonly visibilitySeconds: number;
  messages: StoredMessage[] = [];
  readonly createdAt: number;
  readonly #now: () => number;
  readonly #waiting = new Set<() => void>();

  constructor(name: string, now: () => number, redrive?: Redrive, visibilitySeconds = 30) {
    this.name = name;
    this.#now = now;
    this.createdAt = now();
    this.redrive = redrive;
    this.visibilitySeconds = visibilitySeconds;
  }

  /** @throws SqsError with AWS's name for what is wrong */
  send(content: MessageContent, delaySeconds = 0): StoredMessage {
    checkMessage(content);
    const sentAt = this.#now();
    const message = {
      ...content,
      id: randomUUID(),
      sentAt,
      visibleAt: sentAt + delaySeconds * 1_000,
      receives: 0,
      firstReceivedAt: undefined,
      deadLetterSource: undefined,
    };
    this.#add(message);
    return message;
  }

  /** Takes up to `limit` visible messages, and hides them for a time. */
  receive(limit: number, visibilitySeconds = this.visibilitySeconds): ReceivedMessage[] {
    const now = this.#now();
    const received: ReceivedMessage[] = [];
    for (const message of [...this.messages]) {
      if (received.length === limit) break;
      if (message.visibleAt > now) continue;
      if (this.redrive && message.receives >= this.redrive.maxReceiveCount) {
        this.#bury(message, this.redrive.deadLetterQueue);
        continue;
      }
      message.receives += 1;
      message.firstReceivedAt ??= now;
      message.visibleAt = now + visibilitySeconds * 1_000;
      const receiptHandle = Buffer.from(`${this.name}:${message.id}:${message.receives}`).toString('base64');
      received.push({ message, receiptHandle });
    }
    return received;
  }

  /** Resolves at the next message, or after `ms`. */
  async nextMessage(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms).unref();
    this.#waiting.add(resolve);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }

  /**
   * Deletes what the latest receive returned. A handle from an earlier one is accepted and deletes nothing, as AWS
   * warns (DeleteMessage, API reference).
   */
  delete(receiptHandle: string): void {
    const { message, isLatest } = this.#find(receiptHandle);
    if (isLatest) this.messages = this.messages.filter((each) => each !== message);
  }

  /** Hides a received message for another time, counted from now. */
  changeVisibility(receiptHandle: string, seconds: number): void {
    const { message } = this.#find(receiptHandle);
    if (!message) {
      throw invalidParameter(
        `Value ${receiptHandle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
    }
    if (message.visibleAt <= this.#now()) {
      throw new SqsError('MessageNotInflight', 'The specified message is not in flight.', {
        code: 'AWS.SimpleQueueService.MessageNotInflight',
      });
    }
    message.visibleAt = this.#now() + seconds * 1_000;
    this.#wake();
  }

  /** How many messages can be received, and how many are hidden. */
  counts(): { visible: number; hidden: number } {
    const now = this.#now();
    const visible = this.messages.filter(({ visibleAt }) => visibleAt <= now).length;
    return { visible, hidden: this.messages.length - visible };
  }

  /** Moves all visible messages back to where they came from, or to `destination`, as new messages. */
  moveAll(destination: Queue | undefined): number {
    const now = this.#now();
    const moved = this.messages.filter(({ visibleAt }) => visibleAt <= now);
    this.messages = this.messages.filter((message) => !moved.includes(message));
    for (const { body, attributes, deadLetterSource } of moved) {
      (destination ?? deadLetterSource ?? this).send({ body, attributes });
    }
    return moved.length;
  }

  #bury(message: StoredMessage, deadLetterQueue: Queue): void {
    this.messages = this.messages.filter((each) => each !== message);
    deadLetterQueue.#add({ ...message, visibleAt: this.#now(), deadLetterSource: this });
  }

  #add(message: StoredMessage): void {
    this.messages.push(message);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }

  #find(receiptHandle: string): { message: StoredMessage | undefined; isLatest: boolean } {
    const [, queueName, id, receives] =
      handleForm.exec(Buffer.from(receiptHandle, 'base64').toString('latin1')) ?? [];
    if (queueName !== this.name) throw invalidReceiptHandle();
    const message = this.messages.find((each) => each.id === id);
    return { message, isLatest: message?.receives === Number(receives) };
  }
}
