import { SendMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { connectTimeoutMs, sendTries, sendTryTimeoutMs } from '../deadlines.ts';
import { OperatorError } from '../errors.ts';
import { IdleConnections, KeepAliveAgent } from '../keep-alive-agent.ts';
import type { RequestScope } from '../request-scope.ts';
import type { ResultMessage } from './result-message.ts';
import type { ReceiveResultSettings } from './settings.ts';

/** What the queues need: a client that tries each call once, and its connections. */
export type ResultQueuesOptions = {
  client: SQSClient;
  agent: KeepAliveAgent;
  settings: Pick<ReceiveResultSettings, 'resultsQueueUrl' | 'setAsideQueueUrl'>;
};

/** The queue of results, and that of signed events that are no result of this stage. */
export class ResultQueues {
  readonly #client: SQSClient;
  readonly #agent: KeepAliveAgent;
  readonly #connections: IdleConnections;
  readonly #settings: ResultQueuesOptions['settings'];

  constructor({ client, agent, settings }: ResultQueuesOptions) {
    this.#client = client;
    this.#agent = agent;
    this.#connections = new IdleConnections(agent);
    this.#settings = settings;
  }

  /** The queues on the real client, over connections that are kept alive. */
  static of(
    settings: ResultQueuesOptions['settings'],
    config: SQSClientConfig = {},
    agent = new KeepAliveAgent(),
  ): ResultQueues {
    const requestHandler = { httpsAgent: agent, connectionTimeout: connectTimeoutMs };
    const client = new SQSClient({ maxAttempts: 1, requestHandler, ...config });
    return new ResultQueues({ client, agent, settings });
  }

  /** Opens a connection during init. Errors are ignored: the first request opens its own. */
  async warmUp(): Promise<void> {
    const { protocol, hostname, port } = new URL(this.#settings.resultsQueueUrl);
    if (protocol !== 'https:') return;
    await this.#agent.warmUp({ host: hostname, port: Number(port || 443) }).catch(() => undefined);
  }

  /** Resolves once the queue has the message. @throws OperatorError `results_unavailable`. */
  async send(
    queue: 'resultsQueueUrl' | 'setAsideQueueUrl',
    { body, attributes }: ResultMessage,
    { deadline }: RequestScope,
  ): Promise<void> {
    const command = new SendMessageCommand({
      QueueUrl: this.#settings[queue],
      MessageBody: body,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
      ),
    });
    const tries = { tries: sendTries, tryTimeoutMs: sendTryTimeoutMs, deadline };
    await this.#connections
      .send((options) => this.#client.send(command, options), tries)
      .catch((cause) => {
        throw new OperatorError('results_unavailable', { cause });
      });
  }

  close(): void {
    this.#client.destroy();
  }
}
