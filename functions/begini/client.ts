import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { shortestCallMs } from '../deadlines.ts';
import { VendorError } from '../errors.ts';
import { dropIdleConnections, KeepAliveAgent } from './keep-alive-agent.ts';
import type { SessionRequest } from './request.ts';
import { DeadlinePassed, explainFailure, NotProcessed, watchCall } from './vendor-call.ts';

/** What the vendor answered, not yet judged. */
export type VendorResponse = {
  statusCode: number;
  retryAfter: string | undefined;
  /** UTF-8; at most 16 KiB. */
  body: string;
};

/** What a call reports for the log line, whether it ends well or not. */
export type CallTrace = {
  vendorAttempts: number;
  /** Milliseconds spent on the vendor, both tries together. */
  vendorMs: number;
  vendorStatus?: number;
};

/** Sends session calls over one keep-alive connection. */
export type VendorClient = {
  /** Sends `request` and reads the answer by `deadline` (epoch ms). @throws VendorError, never with a value inside. */
  send(request: SessionRequest, deadline: number, trace: CallTrace): Promise<VendorResponse>;
  /** Opens a connection for the next call. Resolves when it is ready; rejects where it cannot be had. */
  prepare(): Promise<void>;
  close(): void;
};

const largestAnswerBytes = 16 * 1024;

/** After a pause this long the function may have been frozen, and its connection may have died unseen. */
const idleMs = 1_000;

/** One turn of the event loop and a little more: time for a dead connection's FIN or RST to be read. */
const wakeUpMs = 2;

/** A connection that has been idle for longer may have been forgotten on its way, without a sign to either end. */
const longestIdleMs = 60_000;

/**
 * A client for the vendor's API at `origin`. `ca` adds trusted certificates in PEM, for a simulator with TLS.
 * It uses `https.request` rather than `fetch` because only this tells a connection that was used before from a
 * fresh one, which is what decides whether a call may be repeated.
 */
export function createVendorClient({ origin, ca }: { origin: string; ca?: string }): VendorClient {
  const url = new URL(origin);
  const isTls = url.protocol === 'https:';
  // Not the URL itself, which Node would take apart again for each call.
  const target = { hostname: url.hostname, port: url.port, method: 'POST' };
  const agent = isTls
    ? new KeepAliveAgent({ keepAlive: true, ...(ca && { ca }) })
    : new http.Agent({ keepAlive: true });
  let lastUsedAt = Date.now();

  async function send(request: SessionRequest, deadline: number, trace: CallTrace): Promise<VendorResponse> {
    const idleForMs = Date.now() - lastUsedAt;
    if (idleForMs > longestIdleMs) dropIdleConnections(agent);
    else if (idleForMs > idleMs) await pause(wakeUpMs);
    const startedAt = Date.now();
    try {
      return await attempt(request, deadline, trace);
    } catch (error) {
      if (!(error instanceof NotProcessed)) throw error;
      dropIdleConnections(agent);
      return await attempt(request, deadline, trace).catch((second) => {
        throw second instanceof NotProcessed
          ? new VendorError('vendor_unreachable', { cause: second.cause })
          : second;
      });
    } finally {
      lastUsedAt = Date.now();
      trace.vendorMs += lastUsedAt - startedAt;
    }
  }

  async function attempt(
    { path, headers, body }: SessionRequest,
    deadline: number,
    trace: CallTrace,
  ): Promise<VendorResponse> {
    const timeLeftMs = deadline - Date.now();
    if (timeLeftMs < shortestCallMs)
      throw new VendorError('vendor_unreachable', { cause: new DeadlinePassed() });
    trace.vendorAttempts += 1;

    const call = (isTls ? https : http).request({ ...target, path, headers, agent });
    const progress = watchCall(call);
    const deadlineTimer = setTimeout(progress.giveUp, timeLeftMs);
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        // A connection that is closed without an error is one, too.
        call.on('response', resolve).on('error', reject).on('close', reject).end(body);
      });
      trace.vendorStatus = response.statusCode ?? 0;
      return {
        statusCode: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
        body: await readBody(response),
      };
    } catch (error) {
      throw explainFailure(progress.failure ?? error, progress);
    } finally {
      clearTimeout(deadlineTimer);
      progress.stopWatching();
    }
  }

  return {
    send,
    async prepare() {
      if (agent instanceof KeepAliveAgent)
        await agent.prepare({ host: url.hostname, port: Number(url.port || 443) });
      lastUsedAt = Date.now();
    },
    close: () => agent.destroy(),
  };
}

/** Reads the whole answer. One that is too long reads as an empty one, and its connection is closed. */
function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    response
      .on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes <= largestAnswerBytes) return;
        resolve('');
        response.destroy();
      })
      .on('end', () => resolve(Buffer.concat(chunks).toString()))
      .on('error', reject)
      .on('close', reject);
  });
}
