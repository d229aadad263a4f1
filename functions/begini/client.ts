import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { connectTimeoutMs, shortestCallMs } from '../shared/deadlines.ts';
import { reasonOf, VendorError } from '../shared/errors.ts';
import type { SessionRequest } from './request.ts';

/** What the vendor answered, not yet judged. */
export type VendorAnswer = {
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
  send(request: SessionRequest, deadline: number, trace: CallTrace): Promise<VendorAnswer>;
  /** Opens a connection for the next call. Resolves when it is ready; rejects where it cannot be had. */
  prepare(): Promise<void>;
  close(): void;
};

const largestAnswerBytes = 16 * 1024;

/** After a pause this long the function may have been frozen, and its connection may have died unseen. */
const idleMs = 1_000;

/** One turn of the event loop and a little more: time for a dead connection's FIN or RST to be read. */
const wakeUpMs = 2;

/** The request did not reach the vendor's application: it may be sent once more. */
class NotProcessed extends Error {
  override readonly name = 'NotProcessed';
}

class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

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
    ? new PreparedAgent({ keepAlive: true, ...(ca && { ca }) })
    : new http.Agent({ keepAlive: true });
  let lastUsedAt = Date.now();

  async function send(request: SessionRequest, deadline: number, trace: CallTrace): Promise<VendorAnswer> {
    if (Date.now() - lastUsedAt > idleMs) await pause(wakeUpMs);
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
  ): Promise<VendorAnswer> {
    const timeLeftMs = deadline - Date.now();
    if (timeLeftMs < shortestCallMs)
      throw new VendorError('vendor_unreachable', { cause: new DeadlinePassed() });
    trace.vendorAttempts += 1;

    const call = (isTls ? https : http).request({ ...target, path, headers, agent });
    const connection = watchConnection(call);
    const deadlineTimer = setTimeout(() => call.destroy(new DeadlinePassed()), timeLeftMs);
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        call.on('response', resolve).on('error', reject).end(body);
      });
      trace.vendorStatus = response.statusCode ?? 0;
      return {
        statusCode: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
        body: await readBody(response),
      };
    } catch (error) {
      throw explainFailure(error, connection);
    } finally {
      clearTimeout(deadlineTimer);
      connection.stopWatching();
    }
  }

  return {
    send,
    async prepare() {
      if (agent instanceof PreparedAgent)
        await agent.prepare({ host: url.hostname, port: Number(url.port || 443) });
      lastUsedAt = Date.now();
    },
    close: () => agent.destroy(),
  };
}

/** An agent whose first connection can be opened ahead of the first request. */
class PreparedAgent extends https.Agent {
  #prepared: TLSSocket | undefined;

  async prepare({ host, port }: { host: string; port: number }): Promise<void> {
    const socket = connect({
      ...(this.options as ConnectionOptions),
      host,
      port,
      servername: isIP(host) ? '' : host,
    });
    const timer = setTimeout(() => socket.destroy(new DeadlinePassed()), connectTimeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('secureConnect', resolve).once('error', reject);
      });
      socket.on('error', () => socket.destroy());
      this.#prepared = socket;
    } finally {
      clearTimeout(timer);
    }
  }

  override createConnection(...parameters: Parameters<https.Agent['createConnection']>) {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    return prepared && !prepared.destroyed ? prepared : super.createConnection(...parameters);
  }

  override destroy(): void {
    this.#prepared?.destroy();
    super.destroy();
  }
}

type Connection = {
  /** Whether the connection stood, so that the request may have left. */
  established: boolean;
  /** Whether it stood before this request: from an earlier one, or prepared. */
  reused: boolean;
  /** Whether anything of an answer arrived. */
  answered(): boolean;
  stopWatching(): void;
};

/** Follows how far a call gets, and ends it where the connection takes too long. */
function watchConnection(call: ClientRequest): Connection {
  let timer: NodeJS.Timeout | undefined;
  const connection: Connection = {
    established: false,
    reused: false,
    answered: () => false,
    stopWatching: () => clearTimeout(timer),
  };
  const establish = () => {
    connection.established = true;
    clearTimeout(timer);
  };
  call.once('socket', (socket: Socket & { secureConnecting?: boolean }) => {
    const bytesBefore = socket.bytesRead;
    connection.answered = () => socket.bytesRead > bytesBefore;
    connection.reused = !socket.connecting && !socket.secureConnecting;
    if (connection.reused) {
      establish();
      return;
    }
    timer = setTimeout(() => call.destroy(new DeadlinePassed()), connectTimeoutMs);
    socket.once(socket.secureConnecting === undefined ? 'connect' : 'secureConnect', establish);
  });
  return connection;
}

/** Tells from how far a call got what its failure means; RFC 9110 §9.2.2 forbids repeating a POST blindly. */
function explainFailure(cause: unknown, connection: Connection): Error {
  const reason = reasonOf(cause);
  if (!connection.established) return new NotProcessed('not connected', { cause });
  if (cause instanceof DeadlinePassed) return new VendorError('vendor_timeout', { cause });
  if (reason.startsWith('HPE_')) return new VendorError('vendor_response_invalid', { cause });
  if (connection.reused && !connection.answered() && (reason === 'ECONNRESET' || reason === 'EPIPE')) {
    return new NotProcessed('the connection was dead', { cause });
  }
  return new VendorError('vendor_connection_lost', { cause });
}

/**
 * Reads the whole answer. One that is too long reads as an empty one, and its connection is closed.
 */
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
      .on('error', reject);
  });
}

function dropIdleConnections(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
