import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from '../../bin/stand-ins/certificate.ts';

/** An https server on this machine. */
export type PageServer = { port: number; close(): void };

/** What a server answers: a page, or a redirect. */
export type PageAnswer = [status: number, headers: Record<string, string>, body: string];

/** Starts an https server that gives every request this answer; the name "localhost" is another origin than its address. */
export async function startPageServer(answer: () => PageAnswer): Promise<PageServer> {
  const server = createServer(await makeCertificate(), (_, response) => {
    const [status, headers, body] = answer();
    response.writeHead(status, { 'Content-Type': 'text/html', ...headers }).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
