import type http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { connectTimeoutMs } from '../deadlines.ts';

/** A TLS agent that keeps connections alive, and can open the first one before the first request. */
export class KeepAliveAgent extends https.Agent {
  #warm: TLSSocket | undefined;

  /** Opens a connection for the next request. Rejects after 2 s. */
  async warmUp({ host, port }: { host: string; port: number }): Promise<void> {
    const servername = isIP(host) ? '' : host;
    const socket = connect({ ...(this.options as ConnectionOptions), host, port, servername });
    const timer = setTimeout(() => socket.destroy(new Error('not connected in time')), connectTimeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        // The error listener stays: a later error must not crash the function. It destroys the socket, which is then not used.
        socket.once('secureConnect', resolve).on('error', reject);
      });
      this.#warm = socket;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the connection that was opened ahead, if it was not used. */
  dropWarm(): void {
    this.#warm?.destroy();
    this.#warm = undefined;
  }

  override createConnection(...parameters: Parameters<https.Agent['createConnection']>) {
    const warm = this.#warm;
    this.#warm = undefined;
    // Bytes that a server sent before any request, such as a timeout notice, are no response to this request.
    if (warm && !warm.destroyed && warm.readableLength === 0) return warm;
    warm?.destroy();
    return super.createConnection(...parameters);
  }

  override destroy(): void {
    this.dropWarm();
    super.destroy();
  }
}

/** Closes every connection that no request is using, so that the next request gets a new one. */
export function dropIdleConnections(agent: http.Agent): void {
  if (agent instanceof KeepAliveAgent) agent.dropWarm();
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
