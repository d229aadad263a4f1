import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A running proxy before a server, both on 127.0.0.1. */
export type DistantProxy = { port: number; close(): Promise<void> };

/**
 * Starts a TCP proxy to the server at `targetPort` that is `roundTripMs` away. It needs no rights, so it cannot delay a
 * SYN: a connection is established at once, but what the client sends first counts as sent one round trip later, when
 * a real connection would be established.
 */
export async function startDistantProxy(targetPort: number, roundTripMs: number): Promise<DistantProxy> {
  const clients = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const target = connect({ port: targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    clients.add(client);
    client.on('close', () => {
      clients.delete(client);
      target.destroy();
    });
    target.on('close', () => client.destroy());
    forward(client, target, roundTripMs / 2, performance.now() + roundTripMs);
    forward(target, client, roundTripMs / 2);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}

/** Sends what comes from one side to the other, `delayMs` later and in its order; nothing counts as sent before `openAt`. */
function forward(from: Socket, to: Socket, delayMs: number, openAt = 0): void {
  const underway: (() => void)[] = [];
  const later = (deliver: () => void) => {
    underway.push(deliver);
    // Timers of different lengths may end in another order.
    setTimeout(() => underway.shift()?.(), Math.max(openAt - performance.now(), 0) + delayMs);
  };
  from
    .on('data', (chunk) => later(() => to.write(chunk)))
    .on('end', () => later(() => to.end()))
    .on('error', () => later(() => to.resetAndDestroy()));
}
