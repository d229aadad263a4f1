import { type IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import dynalite from 'dynalite';
import { type LoopbackServer, readBody, startLoopbackServer } from './loopback.ts';

/** How DynamoDB misbehaves: with an error, or as a network does. `lost-answer`: the call takes effect unseen. */
export type TableFault = 'none' | 'hang' | 'reset' | 'slow' | 'lost-answer' | keyof typeof errors;

/** A call that reached the stand-in. */
export type TableCall = { operation: string; input: Record<string, unknown> };

/** A running stand-in for DynamoDB, with one table whose key is `pk`. */
export interface LocalDynamoDb
  extends Pick<LoopbackServer, 'origin' | 'connections' | 'answerFor' | 'closeIdleConnections' | 'close'> {
  readonly tableName: string;
  readonly calls: readonly TableCall[];
  /** Sets a fault, for the next `times` calls; without it, until another is set. */
  fail(fault: TableFault, times?: number): void;
  /** Runs an operation past every fault, as `PutItem` with its input in DynamoDB's JSON. */
  run(operation: string, input: object): Promise<Record<string, unknown>>;
  createTable(keyName: string): Promise<void>;
  deleteTable(): Promise<void>;
  /** Every item of the table. */
  items(): Promise<Record<string, Attribute>[]>;
}

/** An attribute as DynamoDB writes it in JSON; `B` is base64. */
export type Attribute = { S?: string; N?: string; B?: string };

type DynamoDbResponse = { status: number; headers: Record<string, string>; body: string };

/** DynamoDB's errors ("Error handling with DynamoDB", developer guide, read November 2026). */
const errors = {
  throttle: { status: 400, type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException' },
  deny: { status: 400, type: 'com.amazon.coral.service#AccessDeniedException' },
  'internal-error': { status: 500, type: 'com.amazonaws.dynamodb.v20120810#InternalServerError' },
} as const;

const maxBodyBytes = 1_000_000;
/** Longer than the service waits for one try. */
const slowMs = 700;
const tableName = 'begini-session-test-sessions';
const json = 'application/x-amz-json-1.0';

/**
 * Starts dynalite in this process, in memory, behind a server on 127.0.0.1 that can fail. dynalite ignores
 * `ReturnValuesOnConditionCheckFailure`: the item is added to the error here.
 */
export async function startDynamoDb({
  port = 0,
  tls,
}: {
  port?: number;
  tls?: { key: string; cert: string } | undefined;
} = {}): Promise<LocalDynamoDb> {
  const engine = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  const calls: TableCall[] = [];
  let fault: TableFault = 'none';
  let timesLeft = Number.POSITIVE_INFINITY;

  /** Hands a call to dynalite. */
  async function ask(operation: string, body: string): Promise<DynamoDbResponse> {
    const headers = {
      'content-type': json,
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20260101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
    };
    const request = Object.assign(Readable.from([Buffer.from(body)]), { method: 'POST', url: '/', headers });
    const response = new ServerResponse(request as unknown as IncomingMessage);
    return await new Promise((resolve) => {
      response.end = ((text: string) => {
        resolve({ status: response.statusCode, headers: { 'Content-Type': json }, body: text });
        return response;
      }) as ServerResponse['end'];
      engine.emit('request', request, response);
    });
  }

  async function run(operation: string, input: object): Promise<Record<string, unknown>> {
    const { status, body } = await ask(operation, JSON.stringify(input));
    if (status !== 200) throw new Error(body);
    return JSON.parse(body) as Record<string, unknown>;
  }

  async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await readBody(request, maxBodyBytes))?.toString() || '{}';
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const input = JSON.parse(body) as Record<string, unknown>;
    calls.push({ operation, input });
    const played = timesLeft > 0 ? fault : 'none';
    timesLeft -= 1;
    if (played === 'hang') return;
    if (played === 'reset') return server.reset(request);
    if (played === 'slow') await sleep(slowMs, undefined, { ref: false });
    if (played in errors) return send(response, errorAnswer(errors[played as keyof typeof errors]));
    const answer = await ask(operation, body);
    if (played === 'lost-answer') return server.reset(request);
    send(response, await addItemInTheWay(answer, input));
  }

  async function addItemInTheWay(
    answer: DynamoDbResponse,
    input: Record<string, unknown>,
  ): Promise<DynamoDbResponse> {
    if (input.ReturnValuesOnConditionCheckFailure !== 'ALL_OLD' || answer.status === 200) return answer;
    const failure = JSON.parse(answer.body) as { __type: string };
    if (!failure.__type.endsWith('#ConditionalCheckFailedException')) return answer;
    const { pk } = (input.Item ?? input.Key) as { pk: Attribute };
    const { Item } = await run('GetItem', { TableName: input.TableName, Key: { pk }, ConsistentRead: true });
    return { ...answer, body: JSON.stringify({ ...failure, Item }) };
  }

  async function createTable(keyName: string): Promise<void> {
    await run('CreateTable', {
      TableName: tableName,
      KeySchema: [{ AttributeName: keyName, KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: keyName, AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    while (!(await exists('ACTIVE'))) await nextTurn();
  }

  async function deleteTable(): Promise<void> {
    await run('DeleteTable', { TableName: tableName });
    while (await exists()) await nextTurn();
  }

  async function exists(status?: string): Promise<boolean> {
    const { status: code, body } = await ask('DescribeTable', JSON.stringify({ TableName: tableName }));
    if (code !== 200) return false;
    const { Table } = JSON.parse(body) as { Table: { TableStatus: string } };
    return status === undefined || Table.TableStatus === status;
  }

  await createTable('pk');
  const server = await startLoopbackServer({ port, tls, listener });
  return {
    origin: server.origin,
    get connections() {
      return server.connections;
    },
    tableName,
    calls,
    fail(next, times = Number.POSITIVE_INFINITY) {
      fault = next;
      timesLeft = times;
    },
    run,
    createTable,
    deleteTable,
    async items() {
      return (await run('Scan', { TableName: tableName })).Items as Record<string, Attribute>[];
    },
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
