import type { IncomingHttpHeaders } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A request to the stage. */
export type StageRequest = {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
};

/** What the stage answered. */
export type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

const defaultTimeoutMs = 8000;
const maxBodyBytes = 65_536;

/**
 * Sends one request, and follows no redirect. Not by `fetch`, which cannot leave the header Accept out.
 * @throws errors of the network; `ETIMEDOUT` after `timeoutMs`, 8 s by default
 */
export async function callStage(
  { method, url, headers, body = '' }: StageRequest,
  timeoutMs = defaultTimeoutMs,
): Promise<Answer> {
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  return await new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = send(url, { method, headers: { ...headers, ...length }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxBodyBytes) chunks.push(chunk);
        else response.destroy(Object.assign(new Error('body too large'), { code: 'EMSGSIZE' }));
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0 } = response;
        resolve({ status: statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    const timeIsUp = () => request.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }));
    const timer = setTimeout(timeIsUp, timeoutMs);
    request.on('error', reject).on('close', () => clearTimeout(timer));
    request.end(body);
  });
}
