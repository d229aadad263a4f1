// Takes results from the queue into a database: node take-results.mjs (Node.js 22.13 or newer, npm install @aws-sdk/client-sqs)
import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const QueueUrl = process.env.RESULTS_QUEUE_URL; // The output ResultsQueueUrl of the stack
if (!QueueUrl) throw new Error('Set RESULTS_QUEUE_URL to the output ResultsQueueUrl of the stack.');

const sqs = new SQSClient(); // Region and credentials from the environment, a profile, or the role of the machine
const database = new DatabaseSync(process.env.RESULTS_DATABASE ?? 'results.db');
// Keep the ids for rotationDays + previousKeyDays at least: until then, the same event can arrive again.
database.exec(`
  CREATE TABLE IF NOT EXISTS result (
    id TEXT PRIMARY KEY, integration_id TEXT NOT NULL, uid TEXT NOT NULL, type TEXT NOT NULL,
    scored_at INTEGER, body TEXT NOT NULL, UNIQUE (integration_id, uid, type));
  CREATE TABLE IF NOT EXISTS to_decide (id TEXT PRIMARY KEY, first_id TEXT NOT NULL, body TEXT NOT NULL);`);
const insert = database.prepare('INSERT INTO result VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
const find = database.prepare(
  'SELECT id, body FROM result WHERE integration_id = ? AND uid = ? AND type = ?',
);
const keepForAPerson = database.prepare('INSERT INTO to_decide VALUES (?, ?, ?) ON CONFLICT DO NOTHING');

/** Commits one result, however often it comes: its id is of its bytes, and no bytes need to be equal the next time. */
function keep({ Body, MessageAttributes }) {
  const id = MessageAttributes.id.StringValue;
  const integrationId = MessageAttributes.integrationId.StringValue;
  const { uid, event } = JSON.parse(Body);
  database.exec('BEGIN IMMEDIATE');
  try {
    const { changes } = insert.run(
      id,
      integrationId,
      uid,
      event.type,
      event.details?.scored_at ?? null,
      Body,
    );
    if (changes === 0) {
      const first = find.get(integrationId, uid, event.type);
      const differs = !isDeepStrictEqual(JSON.parse(first.body).event, event);
      if (differs) keepForAPerson.run(id, first.id, Body); // Neither the first nor the last is right by itself
    }
    database.exec('COMMIT');
    return { isNew: changes === 1, event };
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

for (;;) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MessageAttributeNames: ['All'],
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 20,
    }),
  );
  for (const message of Messages) {
    try {
      const { isNew, event } = keep(message);
      // Only on your machine: a deployed consumer logs neither the score nor the uid.
      if (isNew) console.log(event.type, event.details?.calculated?.score ?? '');
      // After the commit: a consumer that dies before this gets the message again.
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    } catch (error) {
      console.error(`Not taken: ${error.name}`); // No text of the error, which can hold the body. It comes again
    }
  }
}
