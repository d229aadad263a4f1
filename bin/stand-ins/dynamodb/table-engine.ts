import { type IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import dynalite from 'dynalite';

/** What DynamoDB answers to one call. */
export type DynamoDbResponse = { status: number; headers: Record<string, string>; body: string };

/** An attribute as DynamoDB writes it in JSON; `B` is base64. */
export type Attribute = { S?: string; N?: string; B?: string };

const json = 'application/x-amz-json-1.0';

/**
 * DynamoDB in this process and in memory, without a server: dynalite. dynalite ignores
 * `ReturnValuesOnConditionCheckFailure`, so the item is added to the error here.
 */
export class TableEngine {
  readonly #engine = dynalite({ createTableMs: 0, deleteTableMs: 0 });

  /** Answers one call: the operation as in `PutItem`, its input as JSON text. */
  async answer(operation: string, body: string): Promise<DynamoDbResponse> {
    const response = await this.#ask(operation, body);
    return response.status === 200 ? response : await this.#addItemInTheWay(response, body);
  }

  /** Runs an operation that must succeed. @throws Error with DynamoDB's answer */
  async run(operation: string, input: object): Promise<Record<string, unknown>> {
    const { status, body } = await this.#ask(operation, JSON.stringify(input));
    if (status !== 200) throw new Error(body);
    return JSON.parse(body) as Record<string, unknown>;
  }

  async createTable(tableName: string, keyName: string): Promise<void> {
    await this.run('CreateTable', {
      TableName: tableName,
      KeySchema: [{ AttributeName: keyName, KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: keyName, AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    while ((await this.#statusOf(tableName)) !== 'ACTIVE') await pause(1);
  }

  async deleteTable(tableName: string): Promise<void> {
    await this.run('DeleteTable', { TableName: tableName });
    while (await this.#statusOf(tableName)) await pause(1);
  }

  /** Every item of a table. */
  async items(tableName: string): Promise<Record<string, Attribute>[]> {
    return (await this.run('Scan', { TableName: tableName })).Items as Record<string, Attribute>[];
  }

  /** Undefined if there is no such table. */
  async #statusOf(tableName: string): Promise<string | undefined> {
    const { status, body } = await this.#ask('DescribeTable', JSON.stringify({ TableName: tableName }));
    if (status !== 200) return undefined;
    return (JSON.parse(body) as { Table: { TableStatus: string } }).Table.TableStatus;
  }

  async #ask(operation: string, body: string): Promise<DynamoDbResponse> {
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
      this.#engine.emit('request', request, response);
    });
  }

  async #addItemInTheWay(response: DynamoDbResponse, body: string): Promise<DynamoDbResponse> {
    const { TableName, Item, Key, ReturnValuesOnConditionCheckFailure: wanted } = JSON.parse(body);
    const failure = JSON.parse(response.body) as { __type: string };
    const isWanted = wanted === 'ALL_OLD' && failure.__type.endsWith('#ConditionalCheckFailedException');
    if (!isWanted) return response;
    const { pk } = (Item ?? Key) as { pk: Attribute };
    const found = await this.run('GetItem', { TableName, Key: { pk }, ConsistentRead: true });
    return { ...response, body: JSON.stringify({ ...failure, Item: found.Item }) };
  }
}
