/** The least that puts a result into a queue: its body in one unsigned request, over a connection that is kept. */
import { send } from './session-call.mjs';

const queue = process.env.RESULTS_QUEUE_URL;
const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' };

export const handler = async ({ body }) => {
  const { statusCode } = await send(
    queue,
    { headers },
    JSON.stringify({ QueueUrl: queue, MessageBody: body }),
  );
  if (statusCode !== 200) throw new Error(`SQS answered ${statusCode}`);
  return { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: '{}' };
};
