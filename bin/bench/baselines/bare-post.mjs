/** One `https.request` on a keep-alive connection with a body that was signed beforehand, and nothing around it. */
import { send, signedRequest } from './session-call.mjs';

const { url, headers, body } = signedRequest('ABCDE-12345', JSON.parse(process.env.BENCH_CREDENTIALS));

export const handler = async () => {
  const { statusCode } = await send(url, { headers }, body);
  return { statusCode: statusCode === 200 ? 302 : statusCode };
};
