import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** Answers one request; a rejection ends it with a bare 500. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Where to listen, and how. */
export interface LoopbackOptions {
  /** 0, the default, means any free port. */
  port?: number | undefined;
  /** Key and certificate as PEM: the server then speaks HTTPS. */
  tls?: { key: string; cert: string } | undefined;
  listener: Listener;
}

/** A running server on 127.0.0.1. */
export interface LoopbackServer {
  /** As in `https://127.0.0.1:3001`. */
  origin: string;
  /** How many TCP connections were accepted so far. */
  readonly connections: number;
  /** Answers requests for this `host:port` too: that of a proxy before it. */
  answerFor(host: string): void;
  /** Kills a request's connection by RST. */
  reset(request: IncomingMessage): void;
  /**
   * Kills every connection that has no request in flight, and says how many there were. `fin` closes as a server does
   * after its keep-alive timeout, `rst` as a load balancer does that no longer knows the connection.
   */
  closeIdleConnections(how: 'fin' | 'rst'): number;
  /** Closes every new connection at once, before TLS, until it is switched off. */
  refuseConnections(isRefusing: boolean): void;
  /** Stops listening and drops every connection. */
  close(): Promise<void>;
}

/** Longer than any test or idle caller waits, so that the client's pool decides. */
const keepAliveTimeoutMs = 75_000;

/** `stream` is the TLS socket on top of `tcp`, or `tcp` itself. */
interface Connection {
  tcp: Socket;
  stream: Socket;
  busy: boolean;
}

/**
 * Listens on 127.0.0.1 only, and answers 421 to a `Host` that is not this server's own: this stops a page that rebinds
 * its name to 127.0.0.1.
 * @throws Error that names the port if it is in use
 */
export async function startLoopbackServer({
  port = 0,
  tls,
  listener,
}: LoopbackOptions): Promise<LoopbackServer> {
  const server = tls ? createHttpsServer(tls) : createHttpServer();
  server.keepAliveTimeout = keepAliveTimeoutMs;
  /** By the client's port, which the TCP socket and the TLS socket on top of it share. */
  const open = new Map<number | undefined, Connection>();
  let connections = 0;
  let isRefusing = false;

  server.on('connection', (tcp: Socket) => {
    if (isRefusing) return void tcp.resetAndDestroy();
    connections += 1;
    const { remotePort } = tcp;
    open.set(remotePort, { tcp, stream: tcp, busy: false });
    tcp.on('close', () => open.delete(remotePort));
  });
  server.on('secureConnection', (stream: Socket) => {
    const connection = open.get(stream.remotePort);
    if (connection) connection.stream = stream;
  });
  server.on('request', (request, response) => {
    const connection = open.get(request.socket.remotePort);
    if (connection) {
      connection.busy = true;
      response.on('close', () => {
        connection.busy = false;
      });
    }
    if (!ownHosts.has(request.headers.host?.toLowerCase())) {
      response
        .writeHead(421, { 'Content-Type': 'text/plain' })
        .end(
          `Misdirected request: the host must be ${[...ownHosts].join(' or ')}. From a container, set that Host header.\n`,
        );
      return;
    }
    listener(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(
        new Error(`Port ${port} is in use: stop the program that uses it, or set PORT`, { cause: error }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: ownPort } = server.address() as AddressInfo;
  const ownHosts = new Set<string | undefined>([`127.0.0.1:${ownPort}`, `localhost:${ownPort}`]);

  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${ownPort}`,
    get connections() {
      return connections;
    },
    answerFor: (host) => ownHosts.add(host),
    reset: (request) => open.get(request.socket.remotePort)?.tcp.resetAndDestroy(),
    closeIdleConnections(how) {
      const idle = [...open.values()].filter(({ busy }) => !busy);
      for (const { tcp, stream } of idle) {
        if (how === 'rst') tcp.resetAndDestroy();
        else stream.destroySoon();
      }
      return idle.length;
    },
    refuseConnections(next) {
      isRefusing = next;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const { tcp } of open.values()) tcp.destroy();
      await closed;
    },
  };
}

/** Adds to a list that keeps its latest entries only, by default all: `npm start` may run for weeks. */
export function keepLatest<Entry>(list: Entry[], entry: Entry, most = Number.POSITIVE_INFINITY): void {
  list.push(entry);
  if (list.length > most) list.shift();
}

/**
 * Reads a request's body to its end, so that the answer reaches the caller for any size.
 * @returns `undefined` for a body of more than `maxBytes`
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
  }
  return length <= maxBytes ? Buffer.concat(chunks) : undefined;
}
