/** A result put into a queue by the SDK as it is: the signed request that the service's own costs include. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const client = new SQSClient();

export const handler = async ({ body }) => {
  await client.send(new SendMessageCommand({ QueueUrl: process.env.RESULTS_QUEUE_URL, MessageBody: body }));
  return { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: '{}' };
};
