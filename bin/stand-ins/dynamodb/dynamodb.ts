import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FaultOptions, networkFaults, playFaults } from '../call-faults.ts';
import { localTableName as tableName } from '../local-stage.ts';
import { keepLatest, type LoopbackServer, readBody, startLoopbackServer } from '../loopback.ts';
import { parseObject } from '../parse-object.ts';
import { type Attribute, type DynamoDbResponse, TableEngine } from './table-engine.ts';

/** DynamoDB's errors ("Error handling with DynamoDB", developer guide, read November 2026). */
const errors = {
  throttle: { status: 400, type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException' },
  deny: { status: 400, type: 'com.amazon.coral.service#AccessDeniedException' },
  'internal-error': { status: 500, type: 'com.amazonaws.dynamodb.v20120810#InternalServerError' },
} as const;

/** How DynamoDB misbehaves: with an error, or as a network does. */
export const tableFaults = [...networkFaults, ...(Object.keys(errors) as (keyof typeof errors)[])];
export type TableFault = 'none' | (typeof tableFaults)[number];

/** A call that reached the stand-in. */
export type TableCall = { operation: string; input: Record<string, unknown> };

/** A running stand-in for DynamoDB, with one table whose key is `pk`. */
export interface LocalDynamoDb
  extends Pick<LoopbackServer, 'origin' | 'connections' | 'answerFor' | 'closeIdleConnections' | 'close'> {
  readonly tableName: string;
  readonly calls: readonly TableCall[];
  fail(fault: TableFault, options?: FaultOptions): void;
  /** Runs an operation without faults, such as `PutItem` with its input in DynamoDB's JSON. */
  run(operation: string, input: object): Promise<Record<string, unknown>>;
  createTable(keyName: string): Promise<void>;
  deleteTable(): Promise<void>;
  /** Every item of the table. */
  items(): Promise<Record<string, Attribute>[]>;
}

const unreadable = { status: 400, type: 'com.amazon.coral.service#SerializationException' };

const maxBodyBytes = 1_000_000;
/** Longer than the service waits for one try. */
const slowMs = 700;
const json = 'application/x-amz-json-1.0';

/** Starts a table in this process, in memory, behind a server on 127.0.0.1 that can fail. */
export async function startDynamoDb({
  port = 0,
  tls,
  mostKept,
}: {
  port?: number;
  tls?: { key: string; cert: string } | undefined;
  /** How many calls are kept, the latest ones; by default all. */
  mostKept?: number | undefined;
} = {}): Promise<LocalDynamoDb> {
  const engine = new TableEngine();
  const calls: TableCall[] = [];
  const faults = playFaults(errors, slowMs);

  async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await readBody(request, maxBodyBytes))?.toString() || '{}';
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const input = parseObject(body);
    // The engine would end the process with anything else.
    if (!input) return send(response, errorAnswer(unreadable));
    keepLatest(calls, { operation, input }, mostKept);
    const answer = await faults.play(
      operation,
      () => server.reset(request),
      async (error) => (error ? errorAnswer(error) : await engine.answer(operation, body)),
    );
    if (answer) send(response, answer);
  }

  await engine.createTable(tableName, 'pk');
  const server = await startLoopbackServer({ port, tls, listener });
  return {
    origin: server.origin,
    get connections() {
      return server.connections;
    },
    tableName,
    calls,
    fail: faults.set,
    run: (operation, input) => engine.run(operation, input),
    createTable: (keyName) => engine.createTable(tableName, keyName),
    deleteTable: () => engine.deleteTable(tableName),
    items: () => engine.items(tableName),
    answerFor: server.answerFor,
    closeIdleConnections: server.closeIdleConnections,
    close: server.close,
  };
}

function send(response: ServerResponse, { status, headers, body }: DynamoDbResponse): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

function errorAnswer({ status, type }: { status: number; type: string }): DynamoDbResponse {
  const body = JSON.stringify({ __type: type, message: 'A simulated error' });
  return { status, headers: { 'Content-Type': json }, body };
}
