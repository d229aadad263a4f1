import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { claimMs, clockToleranceMs, longestDelayMs, storeTries, storeTryTimeoutMs } from '../deadlines.ts';
import { reasonOf } from '../errors.ts';
import type { IdleConnections } from '../keep-alive-agent.ts';
import type { RequestScope } from '../request-scope.ts';

/** A valid row of the table: an expired one is never returned. */
export type SessionItem = {
  /** The random id of the request that wrote it. */
  claim: string;
  /** Present once the session is created, sealed. */
  created?: SealedItem | undefined;
};

/** A sealed session. `keyVersion` is the secret's version that sealed it. */
export type SealedItem = { session: Uint8Array; keyVersion: string; endsAtSeconds: number };

/** The table could not be used; the message holds no value. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  /** Whether the call may have taken effect, because only its answer was lost. */
  readonly mayHaveTakenEffect: boolean;

  constructor(cause: unknown, { mayHaveTakenEffect = !wasAnswered(cause) } = {}) {
    super(reasonOf(cause), { cause });
    this.mayHaveTakenEffect = mayHaveTakenEffect;
  }
}

/** What a table needs: a client that tries each call once, and its connections. */
export type SessionTableOptions = {
  client: DynamoDBClient;
  connections: IdleConnections;
  tableName: string;
  /** Epoch milliseconds. */
  now?: () => number;
};

/** With less than this left, a session counts as expired: an applicant could not start. */
const shortestLifeSeconds = 60;

/** DynamoDB deletes a leftover claim after this time. */
const claimLifeSeconds = 3_600;

/** The strings that DynamoDB reserves or that a condition compares with. */
const names = { '#state': 'state' };

/**
 * Whether a row may be claimed. Each `NOT attribute_type` allows a row of another shape than ours, and a row that does
 * not exist. On one line: DynamoDB does not document line breaks in expressions.
 */
const isFree = [
  'NOT attribute_type(claim, :string)',
  'NOT attribute_type(expiresAt, :number)',
  'expiresAt < :soon',
  'claim = :unreadable',
  '#state = :creating AND NOT attribute_type(claimedUntil, :number)',
  '#state = :creating AND (claimedUntil < :lapsed OR claimedUntil > :absurd)',
]
  .map((condition) => `(${condition})`)
  .join(' OR ');

type Item = NonNullable<PutItemCommand['input']['Item']>;
type Command = GetItemCommand | PutItemCommand | DeleteItemCommand;
/** What is read of the output of any of them. */
type Output = { Item?: Item | undefined; Attributes?: Item | undefined };

/**
 * One row per applicant: first a claim by the request that calls the vendor, then its session. Each method @throws
 * StoreUnavailable within a second, and by the deadline of its request.
 */
export class SessionTable {
  readonly #client: DynamoDBClient;
  readonly #connections: IdleConnections;
  readonly #tableName: string;
  readonly #now: () => number;

  constructor({ client, connections, tableName, now = Date.now }: SessionTableOptions) {
    this.#client = client;
    this.#connections = connections;
    this.#tableName = tableName;
    this.#now = now;
  }

  /**
   * Claims a row that is free or expired, or whose claim is `unreadable`. Not one with this very claim: if DynamoDB
   * gets the first of two tries late, the session can be stored already. Nor a newer claim of another request, which
   * would then be too far ahead of this one's clock.
   * @returns undefined if the claim succeeded, else the item that prevents it
   */
  async claim(
    key: string,
    claim: string,
    scope: RequestScope,
    unreadable = 'none',
  ): Promise<SessionItem | undefined> {
    const now = this.#now();
    const item = {
      pk: { S: key },
      state: { S: 'creating' },
      claim: { S: claim },
      claimedUntil: { N: String(now + claimMs) },
      expiresAt: { N: String(Math.floor(now / 1000) + claimLifeSeconds) },
    };
    try {
      const { Attributes: replaced } = await this.#send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: item,
          ConditionExpression: isFree,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: {
            ':string': { S: 'S' },
            ':number': { S: 'N' },
            ':soon': { N: String(this.#soonestEnd()) },
            ':unreadable': { S: unreadable },
            ':creating': { S: 'creating' },
            ':lapsed': { N: String(now - clockToleranceMs) },
            ':absurd': { N: String(now + claimMs + longestDelayMs) },
          },
          ReturnValues: 'ALL_OLD',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
        scope,
      );
      if (replaced !== undefined && !hasOurShape(replaced)) scope.trace.store = 'unreadable';
      return undefined;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      if (error.Item === undefined) throw new StoreUnavailable(error);
      return readItem(error.Item);
    }
  }

  /** The applicant's row as it is now; undefined if there is none, or if it has expired. */
  async read(key: string, scope: RequestScope): Promise<SessionItem | undefined> {
    const command = { TableName: this.#tableName, Key: { pk: { S: key } }, ConsistentRead: true };
    const { Item: item } = await this.#send(new GetItemCommand(command), scope);
    return item === undefined || this.#isOver(item) ? undefined : readItem(item);
  }

  /** Replaces the claim with the session. @returns whether the claim was still valid */
  async store(key: string, claim: string, sealed: SealedItem, scope: RequestScope): Promise<boolean> {
    const item = {
      pk: { S: key },
      state: { S: 'created' },
      claim: { S: claim },
      session: { B: sealed.session },
      keyVersion: { S: sealed.keyVersion },
      expiresAt: { N: String(sealed.endsAtSeconds) },
    };
    return await this.#sendIfMine(
      new PutItemCommand({ TableName: this.#tableName, Item: item, ...ifClaimIs(claim) }),
      scope,
    );
  }

  /** Removes a claim that led to no session. */
  async release(key: string, claim: string, scope: RequestScope): Promise<void> {
    const Key = { pk: { S: key } };
    await this.#sendIfMine(
      new DeleteItemCommand({ TableName: this.#tableName, Key, ...ifClaimIs(claim) }),
      scope,
    );
  }

  #soonestEnd(): number {
    return this.#now() / 1000 + shortestLifeSeconds;
  }

  /** The condition of `claim`, for an item that was read. */
  #isOver(item: Item): boolean {
    const { state, claimedUntil, expiresAt } = item;
    if (!hasOurShape(item) || Number(expiresAt?.N) < this.#soonestEnd()) return true;
    if (state?.S !== 'creating') return false;
    const aheadMs = Number(claimedUntil?.N ?? Number.NaN) - this.#now();
    return !(aheadMs >= -clockToleranceMs && aheadMs <= claimMs + longestDelayMs);
  }

  async #sendIfMine(command: PutItemCommand | DeleteItemCommand, scope: RequestScope): Promise<boolean> {
    try {
      await this.#send(command, scope);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  /** Sends a command, and once more over a fresh connection if the first try got no answer. */
  async #send(command: Command, { deadline, trace }: RequestScope): Promise<Output> {
    trace.storeCalls = (trace.storeCalls ?? 0) + 1;
    const startedAt = Date.now();
    try {
      return await this.#connections.send(
        // The client's overloads know one command each.
        (options) => this.#client.send(command as GetItemCommand, options),
        {
          tries: storeTries,
          tryTimeoutMs: storeTryTimeoutMs,
          deadline,
          isFinal: (error) => wasAnswered(error) || Date.now() >= deadline,
        },
      );
    } catch (error) {
      throw error instanceof ConditionalCheckFailedException ? error : new StoreUnavailable(error);
    } finally {
      trace.storeMs = (trace.storeMs ?? 0) + Date.now() - startedAt;
    }
  }
}

/** Whether an item has the attributes that every condition compares: someone could have written another item. */
const hasOurShape = ({ claim, expiresAt }: Item) => claim?.S !== undefined && expiresAt?.N !== undefined;

function ifClaimIs(claim: string) {
  return {
    ConditionExpression: 'claim = :mine',
    ExpressionAttributeValues: { ':mine': { S: claim } },
  };
}

function readItem({ claim, state, session, keyVersion, expiresAt }: Item): SessionItem {
  const created = {
    session: session?.B ?? new Uint8Array(),
    keyVersion: keyVersion?.S ?? '',
    endsAtSeconds: Number(expiresAt?.N),
  };
  return { claim: claim?.S ?? '', created: state?.S === 'creating' ? undefined : created };
}

/** Whether DynamoDB refused the call: another try would get the same answer. */
function wasAnswered(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status !== undefined && status < 500;
}
