import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { createHttpsAgent } from '../deployed/https-agent.ts';
import type { Answer } from '../openapi/check-answer.ts';

/** A request to the stage. */
export type StageRequest = {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
};

/** Waits so many milliseconds. */
export type Wait = (delayMs: number) => Promise<unknown>;

const defaultTimeoutMs = 8000;
const maxBodyBytes = 65_536;
/** All calls of a check fit into its time. */
const mostAttempts = 4;
const longestWaitSeconds = 5;

/**
 * Sends one request, and follows no redirect. After a 429 it waits for `Retry-After` and repeats, unless that is long:
 * the doctor's calls come faster than a test stage accepts them.
 * @param options `timeoutMs` of each attempt, 8 s by default; `wait` for tests
 * @throws errors of the network; `ETIMEDOUT` after `timeoutMs`
 */
export async function callStage(
  request: StageRequest,
  { timeoutMs = defaultTimeoutMs, wait = pause }: { timeoutMs?: number; wait?: Wait | undefined } = {},
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await sendOnce(request, timeoutMs);
    const seconds = Number(answer.headers['retry-after'] ?? 1);
    if (answer.status !== 429 || attempt === mostAttempts || !(seconds <= longestWaitSeconds)) return answer;
    await wait(seconds * 1000);
  }
}

/** Not by `fetch`, which cannot leave the header Accept out. */
async function sendOnce(
  { method, url, headers, body = '' }: StageRequest,
  timeoutMs: number,
): Promise<Answer> {
  const isRemote = url.startsWith('https:');
  const send = isRemote ? requestHttps : requestHttp;
  const agent = isRemote && createHttpsAgent(process.env);
  return await new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = send(url, { method, headers: { ...headers, ...length }, agent }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxBodyBytes) chunks.push(chunk);
        else response.destroy(failure('EMSGSIZE'));
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0 } = response;
        resolve({ status: statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    // Without a listener, Node.js closes the connection after 101 Switching Protocols, and emits neither response nor error.
    request.on('upgrade', ({ statusCode = 0, headers: upgradeHeaders }, socket) => {
      socket.destroy();
      resolve({ status: statusCode, headers: upgradeHeaders, body: '' });
    });
    const timer = setTimeout(() => request.destroy(failure('ETIMEDOUT')), timeoutMs);
    request.on('error', reject).on('close', () => clearTimeout(timer));
    request.end(body);
  });
}

const failure = (code: string) => Object.assign(new Error(code), { code });
