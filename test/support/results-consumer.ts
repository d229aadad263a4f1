import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeBody } from '../../bin/stand-ins/begini/begini-webhook.ts';
import { type Sqs, startSqs } from '../../bin/stand-ins/sqs/sqs.ts';
import { programEnvironment } from './test-run.ts';

const uid = 'CANARY-UID-12345';
const scoreOf = (score: number) => ({
  type: 'psychometric_score.complete',
  details: { scored_at: 1_796_025_845, calculated: { score } },
});

/** Where an example of a consumer runs, and which queue it takes results from. */
type ConsumerOptions = { program: string; file: string; folder: string; endpoint: string; queueUrl: string };

/** The database of the consumer in `folder`. */
const databaseIn = (folder: string) => join(folder, 'results.db');

/** The rows that the consumer in `folder` has committed. */
export function rowsIn(folder: string, table: 'result' | 'to_decide'): Record<string, unknown>[] {
  const database = new DatabaseSync(databaseIn(folder));
  try {
    return database.prepare(`SELECT * FROM ${table}`).all();
  } finally {
    database.close();
  }
}

/** Starts an example as its user does. */
export function startConsumer({ program, file, folder, endpoint, queueUrl }: ConsumerOptions): ChildProcess {
  return spawn(program, [join(import.meta.dirname, '../examples', file)], {
    cwd: folder,
    env: {
      ...programEnvironment(),
      HOME: folder,
      RESULTS_QUEUE_URL: queueUrl,
      RESULTS_DATABASE: databaseIn(folder),
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
    },
  });
}

/** Ends a consumer in the middle of what it does. */
export async function killConsumer(consumer: ChildProcess): Promise<void> {
  if (consumer.exitCode !== null || consumer.signalCode !== null) return;
  const closed = once(consumer, 'close');
  consumer.kill('SIGKILL');
  await closed;
}

/** Runs an example that takes results from the queue, against the stand-in for SQS. */
export function describeConsumer(program: string, file: string): void {
  let now: number;
  let sqs: Sqs;
  let folder: string;
  let consumer: ChildProcess;
  let output: string;

  beforeEach(async () => {
    now = Date.UTC(2026, 10, 22);
    output = '';
    sqs = await startSqs({ now: () => now });
    folder = mkdtempSync(join(tmpdir(), 'begini-results-'));
  });
  afterEach(async () => {
    await killConsumer(consumer);
    await sqs.close();
    rmSync(folder, { recursive: true });
    expect(output).not.toContain(uid);
  });

  function start(): void {
    const queueUrl = sqs.queueUrl('results');
    consumer = startConsumer({ program, file, folder, endpoint: sqs.origin, queueUrl });
    for (const stream of [consumer.stdout, consumer.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
      });
    }
  }

  async function until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      if (consumer.exitCode !== null) throw new Error(`The consumer has ended: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const send = (event: object, write: (body: unknown) => string = writeBody) =>
    sendBody(write({ uid, integration_id: '1', event }));

  function sendBody(body: string): void {
    const id = createHash('sha256').update(body).digest('hex');
    const text = (StringValue: string) => ({ DataType: 'String', StringValue });
    sqs.send('results', { body, attributes: { id: text(id), integrationId: text('1') } });
  }

  const isEmpty = () => sqs.messages('results').length === 0;

  const rows = (table: 'result' | 'to_decide') => rowsIn(folder, table);

  const scores = (table: 'result' | 'to_decide') =>
    rows(table).map(({ body }) => JSON.parse(String(body)).event.details.calculated.score);

  describe(file, () => {
    test('takes each event of a uid into its database, then deletes it, and prints no uid', async () => {
      send({ type: 'application.complete', details: {} });
      send(scoreOf(612));
      send({ type: 'simulated.unknown' });
      start();
      await until(isEmpty);
      expect(rows('result')).toMatchObject([
        { integration_id: '1', uid, type: 'application.complete', scored_at: null },
        { integration_id: '1', uid, type: 'psychometric_score.complete', scored_at: 1_796_025_845 },
        { integration_id: '1', uid, type: 'simulated.unknown', scored_at: null },
      ]);
      expect(output).toMatch(/^psychometric_score\.complete 612(\.0)?$/m);
    });

    test('keeps one of an event that comes again, as the same bytes or as others', async () => {
      send(scoreOf(612));
      send(scoreOf(612));
      send(scoreOf(612), JSON.stringify);
      start();
      await until(isEmpty);
      expect(scores('result')).toEqual([612]);
      expect(rows('to_decide')).toEqual([]);
    });

    test('keeps a second, different score for a person to decide, once', async () => {
      for (const score of [612, 700, 700]) send(scoreOf(score));
      start();
      await until(isEmpty);
      expect(scores('result')).toEqual([612]);
      expect(scores('to_decide')).toEqual([700]);
      expect(rows('to_decide')).toMatchObject([{ first_id: rows('result')[0]?.id }]);
    });

    test('takes an event again without harm if it died between the commit and the deletion', async () => {
      sqs.fail('hang', { operation: 'DeleteMessage' });
      send(scoreOf(612));
      start();
      await until(() => sqs.calls.some(({ operation }) => operation === 'DeleteMessage'));
      await killConsumer(consumer);
      expect(scores('result')).toEqual([612]);
      expect(isEmpty()).toBe(false);

      sqs.fail('none');
      now += 30_000;
      start();
      await until(isEmpty);
      expect(scores('result')).toEqual([612]);
      expect(rows('to_decide')).toEqual([]);
    });

    test('deletes nothing that it could not commit, and takes it later', async () => {
      send(scoreOf(612));
      sqs.fail('hang', { operation: 'ReceiveMessage', times: 1 });
      start();
      await until(() => sqs.calls.length > 0);
      await killConsumer(consumer);
      const database = new DatabaseSync(databaseIn(folder));
      database.exec("CREATE TRIGGER full BEFORE INSERT ON result BEGIN SELECT RAISE(ABORT, 'full'); END");
      start();
      await until(() => output.includes('Not taken: '));
      expect(isEmpty()).toBe(false);
      expect(rows('result')).toEqual([]);

      database.exec('DROP TRIGGER full');
      database.close();
      now += 30_000;
      await until(isEmpty);
      expect(scores('result')).toEqual([612]);
    });

    test('leaves what it cannot read in the queue, and takes the rest', async () => {
      sendBody(`{"uid":"${uid}"`);
      send(scoreOf(612));
      start();
      await until(() => sqs.messages('results').length === 1);
      expect(scores('result')).toEqual([612]);
    });
  });
}
