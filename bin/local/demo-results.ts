import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** What the demo's backend has taken from the queue. */
export type ReceivedResult = { uid: string; type: string; score: number | undefined };

/** How long to wait after a failed call. */
const pauseMs = 1_000;

/**
 * The demo's consumer of the queue of results, which remembers them in memory, each id once. A deployed one keeps them
 * in a database: test/examples has two.
 */
export class DemoResults {
  /** The newest first. */
  readonly results: ReceivedResult[] = [];
  readonly #seen = new Set<string>();
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #closed = new AbortController();

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  /** Takes results from the queue until {@link close}. */
  async consume(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      try {
        for (const message of await this.#receive()) {
          this.#keep(message);
          await this.#delete(message);
        }
      } catch {
        // Closed, or the queue did not answer: what was not deleted comes again.
        await sleep(pauseMs, undefined, { ref: false, signal: this.#closed.signal }).catch(() => undefined);
      }
    }
  }

  close(): void {
    this.#closed.abort();
    this.#client.destroy();
  }

  async #receive(): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#queueUrl,
      MessageAttributeNames: ['id'],
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 20,
    });
    const { Messages = [] } = await this.#client.send(command, { abortSignal: this.#closed.signal });
    return Messages;
  }

  #keep({ Body = '', MessageAttributes: { id } = {} }: Message): void {
    if (id?.StringValue === undefined || this.#seen.has(id.StringValue)) return;
    const { uid, event } = JSON.parse(Body) as {
      uid: string;
      event: { type: string; details?: { calculated?: { score?: number } } };
    };
    this.#seen.add(id.StringValue);
    this.results.unshift({ uid, type: event.type, score: event.details?.calculated?.score });
  }

  async #delete({ ReceiptHandle }: Message): Promise<void> {
    await this.#client.send(new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle }));
  }
}
