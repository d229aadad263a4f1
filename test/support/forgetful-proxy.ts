import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Starts a TCP proxy in front of the server at `targetPort`, both on 127.0.0.1. */
export async function startForgetfulProxy(targetPort: number) {
  const open = new Set<{ client: Socket; target: Socket; isForgotten: boolean }>();
  let connections = 0;
  let lostBytes = 0;

  const server = createServer({ noDelay: true }, (client) => {
    connections += 1;
    const connection = {
      client,
      target: connect({ port: targetPort, host: '127.0.0.1', noDelay: true }),
      isForgotten: false,
    };
    const { target } = connection;
    open.add(connection);
    client.on('data', (chunk) => {
      if (connection.isForgotten) lostBytes += chunk.length;
      else target.write(chunk);
    });
    target.on('data', (chunk) => client.write(chunk));
    target.on('error', () => client.destroy()).on('close', () => !connection.isForgotten && client.destroy());
    client.on('error', () => target.destroy());
    client.on('close', () => {
      target.destroy();
      open.delete(connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as AddressInfo).port,
    /** Connections that were accepted so far. */
    get connections() {
      return connections;
    },
    /** Bytes that came over a forgotten connection, and were dropped. */
    get lostBytes() {
      return lostBytes;
    },
    /** Forgets every connection without a sign to the client, as NATs and load balancers do with idle ones. */
    forget() {
      for (const connection of open) {
        connection.isForgotten = true;
        connection.target.destroy();
      }
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const { client } of open) client.destroy();
      await closed;
    },
  };
}
