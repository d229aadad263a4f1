/**
 * What a created session costs at the least where the AWS SDK writes to the table: a write, the vendor's call as a bare
 * `https.request`, a write, one after the other.
 */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { send, signedRequest } from './session-call.mjs';

const client = new DynamoDBClient({ maxAttempts: 1 });
const { url, headers, body } = signedRequest('ABCDE-12345', JSON.parse(process.env.BENCH_CREDENTIALS));

function write(pk, value) {
  const Item = { pk: { S: pk }, value: { S: value } };
  return client.send(new PutItemCommand({ TableName: process.env.SESSION_TABLE, Item }));
}

export const handler = async () => {
  const pk = randomUUID();
  await write(pk, 'claim');
  const { statusCode, text } = await send(url, { headers }, body);
  await write(pk, text);
  return { statusCode: statusCode === 200 ? 302 : statusCode };
};
