import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** An HTTP proxy on 127.0.0.1. */
export type HttpProxy = {
  /** For HTTPS_PROXY. */
  url: string;
  /** What clients asked to be connected to: `sts.eu-west-1.amazonaws.com:443`. */
  targets: string[];
  close(): void;
};

/** Starts a proxy, which refuses every target but those on 127.0.0.1. */
export async function startProxy(): Promise<HttpProxy> {
  const targets: string[] = [];
  const server = createServer();
  server.on('connect', ({ url = '' }, socket) => {
    targets.push(url);
    socket.on('error', () => undefined);
    const { hostname, port } = new URL(`http://${url}`);
    if (hostname !== '127.0.0.1') return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const target = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    return target.on('error', () => socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, targets, close };
}
