import type http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { connectTimeoutMs } from '../deadlines.ts';

/** An agent with TLS that keeps connections, and whose first one can be opened ahead of the first request. */
export class KeepAliveAgent extends https.Agent {
  #prepared: TLSSocket | undefined;

  /** Opens a connection for the next request. Rejects where it cannot be had in 2 s. */
  async prepare({ host, port }: { host: string; port: number }): Promise<void> {
    const servername = isIP(host) ? '' : host;
    const socket = connect({ ...(this.options as ConnectionOptions), host, port, servername });
    const timer = setTimeout(() => socket.destroy(new Error('not connected in time')), connectTimeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        // The second stays: a later error must not end the function. It destroys the socket, which is then not used.
        socket.once('secureConnect', resolve).on('error', reject);
      });
      this.#prepared = socket;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the prepared connection, if it was not used. */
  dropPrepared(): void {
    this.#prepared?.destroy();
    this.#prepared = undefined;
  }

  override createConnection(...parameters: Parameters<https.Agent['createConnection']>) {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    // What a server says before it was asked, such as that it waited too long, is no answer to this request.
    if (prepared && !prepared.destroyed && prepared.readableLength === 0) return prepared;
    prepared?.destroy();
    return super.createConnection(...parameters);
  }

  override destroy(): void {
    this.dropPrepared();
    super.destroy();
  }
}

/** Closes every connection that no request is using, so that the next request gets a new one. */
export function dropIdleConnections(agent: http.Agent): void {
  if (agent instanceof KeepAliveAgent) agent.dropPrepared();
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
