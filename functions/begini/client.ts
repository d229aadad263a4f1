import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { addressTimeoutMs, shortestCallMs } from '../deadlines.ts';
import { VendorError } from '../errors.ts';
import { IdleConnections, KeepAliveAgent } from '../keep-alive-agent.ts';
import type { RequestScope } from '../request-scope.ts';
import { largestResponseBytes, readText, unreadableEncoding } from './read-text.ts';
import type { SessionRequest } from './request.ts';
import { NotProcessed, NotStarted, VendorCall, wasNotStarted } from './vendor-call.ts';

/** The vendor's HTTP response, not yet judged. */
export type VendorResponse = {
  statusCode: number;
  retryAfter: string | undefined;
  /** At most 16 KiB, decompressed. */
  body: string;
  /** The value of `Content-Encoding` that cannot be read: `zstd`. */
  unreadableEncoding?: string | undefined;
};

/** Sends session calls over one keep-alive connection. */
export type VendorClient = {
  /** Sends `request` and reads the response within the scope. @throws VendorError, without any value of the call. */
  send(request: SessionRequest, scope: RequestScope): Promise<VendorResponse>;
  /** Starts `warmUp`, and lets its first packet out: at most 20 ms. Never rejects. */
  startWarmUp(): Promise<void>;
  /** Opens a connection for the first call. Resolves when it is ready; rejects if it cannot be opened. */
  warmUp(): Promise<void>;
  close(): void;
};

/** The connections to the vendor, which may be far away: a call to AWS has no time for so long a wait. */
export const vendorAgent = (options: https.AgentOptions = {}) =>
  new KeepAliveAgent({ autoSelectFamilyAttemptTimeout: addressTimeoutMs, ...options });

/**
 * A client for the vendor's API at `origin`. `ca` adds trusted certificates in PEM, for a simulator with TLS. It uses
 * `https.request` and not `fetch`, because only this shows whether a connection was reused, which decides whether a
 * call may be repeated.
 */
export function createVendorClient({ origin, ca }: { origin: string; ca?: string }): VendorClient {
  const url = new URL(origin);
  const isTls = url.protocol === 'https:';
  // Not the URL itself: Node would parse it again for each call.
  const target = { hostname: url.hostname, port: url.port, method: 'POST' };
  const address = { host: url.hostname, port: Number(url.port || 443) };
  const agent = isTls ? vendorAgent(ca ? { ca } : {}) : new http.Agent({ keepAlive: true });
  const idle = new IdleConnections(agent);

  async function send(request: SessionRequest, scope: RequestScope): Promise<VendorResponse> {
    await idle.check();
    const startedAt = Date.now();
    try {
      return await attempt(request, scope);
    } catch (first) {
      if (!(first instanceof NotProcessed)) throw first;
      idle.drop();
      return await attempt(request, scope).catch((second) => {
        const isUnreached = second instanceof NotProcessed || wasNotStarted(second);
        if (!isUnreached) throw second;
        throw new VendorError(first.wasSent ? 'vendor_connection_lost' : 'vendor_unreachable', {
          cause: second.cause,
        });
      });
    } finally {
      idle.used();
      scope.trace.vendorMs += Date.now() - startedAt;
    }
  }

  async function attempt(
    { path, headers, body }: SessionRequest,
    { deadline, trace }: RequestScope,
  ): Promise<VendorResponse> {
    const timeLeftMs = deadline - Date.now();
    if (timeLeftMs < shortestCallMs) throw new VendorError('vendor_unreachable', { cause: new NotStarted() });
    trace.vendorAttempts += 1;

    const request = (isTls ? https : http).request({ ...target, path, headers, agent });
    const call = new VendorCall(request, timeLeftMs);
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        // A connection can close without an error event.
        request.on('response', resolve).on('error', reject).on('close', reject).end(body);
      });
      trace.vendorStatus = response.statusCode ?? 0;
      const { 'retry-after': retryAfter, 'content-encoding': encoding } = response.headers;
      return {
        statusCode: response.statusCode ?? 0,
        retryAfter,
        body: readText(await readBody(response), encoding),
        unreadableEncoding: unreadableEncoding(encoding),
      };
    } catch (error) {
      throw call.explain(error);
    } finally {
      call.stopTimers();
    }
  }

  return {
    send,
    async startWarmUp() {
      if (agent instanceof KeepAliveAgent) await agent.startWarmUp(address);
    },
    async warmUp() {
      if (agent instanceof KeepAliveAgent) await agent.warmUp(address);
      idle.used();
    },
    close: () => agent.destroy(),
  };
}

/** Reads the whole body. A body that is too long counts as empty, and its connection is closed. */
function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    response
      .on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes <= largestResponseBytes) return;
        resolve(Buffer.alloc(0));
        response.destroy();
      })
      .on('end', () => resolve(Buffer.concat(chunks)))
      .on('error', reject)
      .on('close', reject);
  });
}
