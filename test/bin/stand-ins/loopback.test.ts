import { once } from 'node:events';
import { get } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { makeCertificate } from '../../../bin/stand-ins/certificate.ts';
import { type LoopbackServer, readBody, startLoopbackServer } from '../../../bin/stand-ins/loopback.ts';

let server: LoopbackServer;
/** Called when a request for `/wait`, which is never answered, has arrived. */
let arrived = () => {};
afterEach(() => server.close());

async function start(tls?: { key: string; cert: string }): Promise<void> {
  server = await startLoopbackServer({
    tls,
    listener: async (incoming, response) => {
      const body = await readBody(incoming, 10);
      if (incoming.url === '/bug') throw new Error('a bug');
      if (incoming.url === '/reset') return server.reset(incoming);
      if (incoming.url === '/wait') return arrived();
      response.end(body ? body.toString() : 'too large');
    },
  });
}

const requestFor = (path: string, host = new URL(server.origin).host) =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

/** Speaks raw HTTP, because `fetch` sets Host by itself. */
async function firstLine(host: string): Promise<string> {
  const socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
  socket.write(requestFor('/', host));
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return String(answer).split('\r\n', 1)[0] ?? '';
}

/** A TLS connection on which one request was answered. */
async function openTls(): Promise<TLSSocket> {
  const certificate = await makeCertificate();
  await start(certificate);
  const { port } = new URL(server.origin);
  const socket = connectTls({ host: '127.0.0.1', port: Number(port), ca: certificate.cert });
  socket.write(requestFor('/'));
  await once(socket, 'data');
  return socket;
}

const deathOf = (socket: TLSSocket) =>
  new Promise((resolve) => {
    socket
      .once('error', () => resolve('rst'))
      .once('end', () => resolve('fin'))
      .resume();
  });

/** One request over TLS: its status, and whether it went over a used connection. */
async function overTls(options: RequestOptions): Promise<{ status: number | undefined; reused: boolean }> {
  const outgoing = request(server.origin, options).end();
  const [response] = await once(outgoing, 'response');
  await response.resume().toArray();
  return { status: response.statusCode, reused: outgoing.reusedSocket };
}

test('answers its own hosts, in upper or lower case', async () => {
  await start();
  const { port } = new URL(server.origin);
  expect(await firstLine(`127.0.0.1:${port}`)).toBe('HTTP/1.1 200 OK');
  expect(await firstLine(`LocalHost:${port}`)).toBe('HTTP/1.1 200 OK');
});

test.each(['evil.example', '127.0.0.1', 'localhost:1', 'localhost.evil.example'])(
  'answers 421 to the host %s',
  async (host) => {
    await start();
    expect(await firstLine(host)).toBe('HTTP/1.1 421 Misdirected Request');
  },
);

test('says which hosts it accepts, as to a container that calls host.docker.internal', async () => {
  await start();
  const { port } = new URL(server.origin);
  const request = get({ port, headers: { host: `host.docker.internal:${port}` } });
  const [response] = await once(request, 'response');
  expect(await text(response)).toContain(`must be 127.0.0.1:${port} or localhost:${port}.`);
});

test('names the port if it is in use', async () => {
  await start();
  const port = Number(new URL(server.origin).port);
  await expect(startLoopbackServer({ port, listener: async () => {} })).rejects.toThrow(
    `Port ${port} is in use: stop the program that uses it, or set PORT`,
  );
});

test('reads a body that is too large to its end, and says so', async () => {
  await start();
  const answer = await fetch(server.origin, { method: 'POST', body: 'x'.repeat(5_000_000) });
  expect(await answer.text()).toBe('too large');
});

test('answers 500 when a listener throws', async () => {
  await start();
  expect((await fetch(`${server.origin}/bug`)).status).toBe(500);
});

test.each(['fin', 'rst'] as const)('kills an idle TLS connection by %s', async (how) => {
  const socket = await openTls();
  expect(server.closeIdleConnections(how)).toBe(1);
  expect(await deathOf(socket)).toBe(how);
});

test('resets the connection of a request, also under TLS', async () => {
  const socket = await openTls();
  socket.write(requestFor('/reset'));
  expect(await deathOf(socket)).toBe('rst');
});

test('counts connections, not requests, and keeps the busy ones', async () => {
  const certificate = await makeCertificate();
  await start(certificate);
  const agent = new Agent({ keepAlive: true, ca: certificate.cert });
  expect(await overTls({ agent })).toEqual({ status: 200, reused: false });
  expect(await overTls({ agent })).toEqual({ status: 200, reused: true });
  expect(server.connections).toBe(1);

  const waiting = request(server.origin, { agent, path: '/wait' });
  waiting.on('error', () => {}).end();
  await new Promise<void>((resolve) => {
    arrived = resolve;
  });
  expect(server.closeIdleConnections('rst')).toBe(0);
  waiting.destroy();
  agent.destroy();
});

test('closes while a request is still waiting', async () => {
  server = await startLoopbackServer({ listener: () => new Promise(() => {}) });
  const waiting = fetch(server.origin);
  const refused = expect(waiting).rejects.toThrow('fetch failed');
  while (server.connections === 0) await new Promise(setImmediate);
  await server.close();
  await refused;
});
