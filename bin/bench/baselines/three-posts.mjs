/**
 * What a created session costs where sessions are remembered: a write, the vendor's call, a write, one after the other,
 * each a bare `https.request` on a keep-alive connection.
 */
import { randomUUID } from 'node:crypto';
import { send, signedRequest } from './session-call.mjs';

const { url, headers, body } = signedRequest('ABCDE-12345', JSON.parse(process.env.BENCH_CREDENTIALS));

function write(pk, value) {
  const item = { TableName: process.env.SESSION_TABLE, Item: { pk: { S: pk }, value: { S: value } } };
  const headers = {
    'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': 'DynamoDB_20120810.PutItem',
  };
  return send(process.env.AWS_ENDPOINT_URL_DYNAMODB, { headers }, JSON.stringify(item));
}

export const handler = async () => {
  const pk = randomUUID();
  const claimed = await write(pk, 'claim');
  const created = await send(url, { headers }, body);
  const stored = await write(pk, created.text);
  const isDone = [claimed, created, stored].every(({ statusCode }) => statusCode === 200);
  return { statusCode: isDone ? 302 : 500 };
};
