import { once } from 'node:events';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { inspect } from 'node:util';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { type CallTrace, createVendorClient, type VendorClient } from '../../../functions/begini/client.ts';
import { buildSessionRequest } from '../../../functions/begini/request.ts';
import { ServiceError } from '../../../functions/shared/errors.ts';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../../../lib/local/begini-simulator.ts';
import { type Certificate, makeCertificate } from '../../support/certificate.ts';

const uid = 'ABCDE-12345';
const request = buildSessionRequest(uid, { ...simulatedCredentials }, { hmac: true });

let certificate: Certificate;
let cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  certificate = await makeCertificate();
});

afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

async function startVendor(): Promise<{ vendor: BeginiSimulator; client: VendorClient }> {
  const vendor = await startBeginiSimulator({ tls: certificate });
  cleanUps.push(vendor.close);
  return { vendor, client: clientOf(vendor.origin) };
}

function clientOf(origin: string, ca: string = certificate.cert): VendorClient {
  const client = createVendorClient({ origin, ca });
  cleanUps.push(client.close);
  return client;
}

/** A server on a free port that treats each connection as `onConnection` says. */
async function startRaw(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const newTrace = (): CallTrace => ({ vendorAttempts: 0, vendorMs: 0 });

function call(client: VendorClient, trace = newTrace(), timeLeftMs = 8_000) {
  return client.send(request, Date.now() + timeLeftMs, trace);
}

/** The code of the error a call ends with; proves on the way that the error holds nothing it must not. */
async function failure(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'none';
  } catch (error) {
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(simulatedCredentials.apiKey);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(uid);
    if (error instanceof ServiceError) return error.code;
    throw error;
  }
}

test('sends exactly the bytes and headers of the request', async () => {
  const { vendor, client } = await startVendor();
  const trace = newTrace();
  expect((await call(client, trace)).statusCode).toBe(200);
  expect(vendor.requests).toHaveLength(1);
  expect(vendor.requests[0]?.rawBody.toString()).toBe(request.body);
  expect(vendor.requests[0]?.headers).toEqual({
    'user-agent': 'begini-session',
    'api-key': simulatedCredentials.apiKey,
    'x-signature': request.headers['X-Signature'],
    'content-type': 'application/json',
    'content-length': String(request.body.length),
    connection: 'keep-alive',
    host: new URL(vendor.origin).host,
  });
  expect(trace).toEqual({ vendorAttempts: 1, vendorStatus: 200, vendorMs: expect.any(Number) });
});

test('makes fifty calls over one connection', async () => {
  const { vendor, client } = await startVendor();
  for (let calls = 0; calls < 50; calls += 1) await call(client);
  expect(vendor.requests).toHaveLength(50);
  expect(vendor.connections).toBe(1);
});

test('makes its first call over the prepared connection', async () => {
  const { vendor, client } = await startVendor();
  await client.prepare();
  expect(vendor.requests).toHaveLength(0);
  await call(client);
  await call(client);
  expect(vendor.connections).toBe(1);
});

test('opens a new connection where the prepared one has died', async () => {
  const { vendor, client } = await startVendor();
  await client.prepare();
  vendor.closeIdleConnections('rst');
  expect((await call(client)).statusCode).toBe(200);
});

test('does not follow a redirect', async () => {
  const { vendor, client } = await startVendor();
  const elsewhere = await startBeginiSimulator({ tls: certificate });
  cleanUps.push(elsewhere.close);
  vendor.setFault({ fault: 'redirect', location: `${elsewhere.origin}/v1/sessions-management/tokens` });
  expect((await call(client)).statusCode).toBe(302);
  expect(elsewhere.connections).toBe(0);
});

test('hands on Retry-After', async () => {
  const { vendor, client } = await startVendor();
  vendor.setFault({ fault: 'status', status: 429, retryAfter: 7 });
  expect(await call(client)).toMatchObject({ statusCode: 429, retryAfter: '7' });
});

test('reads no more than 16 KiB of an answer, and goes on with a new connection', async () => {
  const { vendor, client } = await startVendor();
  vendor.setFault({ fault: 'huge', times: 1 });
  expect(await call(client)).toMatchObject({ statusCode: 200, body: '' });
  expect((await call(client)).statusCode).toBe(200);
  expect(vendor.connections).toBe(2);
});

test.each(['fin', 'rst'] as const)(
  'calls over a new connection after a kept one has ended by %s',
  async (how) => {
    const { vendor, client } = await startVendor();
    await call(client);
    vendor.closeIdleConnections(how);
    expect((await call(client)).statusCode).toBe(200);
    expect(vendor.requests).toHaveLength(2);
    expect(vendor.connections).toBe(2);
  },
);

test('repeats a call once when a kept connection breaks before anything of the answer', async () => {
  const { vendor, client } = await startVendor();
  await call(client);
  vendor.setFault({ fault: 'reset', times: 1 });
  const trace = newTrace();
  expect((await call(client, trace)).statusCode).toBe(200);
  expect(trace.vendorAttempts).toBe(2);
  expect(vendor.connections).toBe(2);
});

test('repeats a call once when the prepared connection breaks before anything of the answer', async () => {
  const { vendor, client } = await startVendor();
  await client.prepare();
  vendor.setFault({ fault: 'reset', times: 1 });
  const trace = newTrace();
  expect((await call(client, trace)).statusCode).toBe(200);
  expect(trace.vendorAttempts).toBe(2);
});

test('does not repeat a second time', async () => {
  const { vendor, client } = await startVendor();
  await call(client);
  vendor.setFault({ fault: 'reset', times: 2 });
  expect(await failure(call(client))).toBe('vendor_connection_lost');
  expect(vendor.requests).toHaveLength(3);
});

test('does not repeat a call when a fresh connection breaks: the vendor may have acted', async () => {
  const { vendor, client } = await startVendor();
  vendor.setFault({ fault: 'reset', times: 1 });
  const trace = newTrace();
  expect(await failure(call(client, trace))).toBe('vendor_connection_lost');
  expect(trace.vendorAttempts).toBe(1);
  expect(vendor.requests).toHaveLength(1);
});

test('does not repeat a call when a kept connection breaks in the middle of the answer', async () => {
  const { vendor, client } = await startVendor();
  await call(client);
  vendor.setFault({ fault: 'close-mid-body', times: 1 });
  expect(await failure(call(client))).toBe('vendor_connection_lost');
  expect(vendor.requests).toHaveLength(2);
});

test('does not repeat a call when a kept connection breaks in the middle of the status line', async () => {
  let requests = 0;
  const origin = await startRaw(
    createTlsServer(certificate, (socket) => {
      socket
        .on('error', () => undefined)
        .on('data', () => {
          requests += 1;
          if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
          else socket.write('HTTP/1.1 20', () => socket.destroy());
        });
    }),
  );
  const client = clientOf(origin);
  await call(client);
  expect(await failure(call(client))).toBe('vendor_connection_lost');
  expect(requests).toBe(2);
});

test('says that an answer which is not HTTP is invalid', async () => {
  const { vendor, client } = await startVendor();
  vendor.setFault({ fault: 'not-http' });
  expect(await failure(call(client))).toBe('vendor_response_invalid');
  expect(vendor.requests).toHaveLength(1);
});

test.each([429, 500, 503])('does not repeat a call that is answered %d', async (status) => {
  const { vendor, client } = await startVendor();
  vendor.setFault({ fault: 'status', status });
  expect((await call(client)).statusCode).toBe(status);
  expect(vendor.requests).toHaveLength(1);
});

test('gives up at its deadline, without a second try: the vendor may have acted', async () => {
  const { vendor, client } = await startVendor();
  vendor.setFault({ fault: 'hang' });
  const trace = newTrace();
  expect(await failure(call(client, trace, 3_050))).toBe('vendor_timeout');
  expect(trace.vendorAttempts).toBe(1);
});

test('tries twice to connect to a port that refuses', async () => {
  const { vendor } = await startVendor();
  await vendor.close();
  const trace = newTrace();
  expect(await failure(call(clientOf(vendor.origin), trace))).toBe('vendor_unreachable');
  expect(trace.vendorAttempts).toBe(2);
});

test('tries twice to find a host that has no address', async () => {
  const trace = newTrace();
  expect(await failure(call(clientOf('https://host.invalid'), trace))).toBe('vendor_unreachable');
  expect(trace.vendorAttempts).toBe(2);
});

test('sends nothing to a server whose certificate it does not trust', async () => {
  const { vendor } = await startVendor();
  const trace = newTrace();
  const stranger = await makeCertificate();
  expect(await failure(call(clientOf(vendor.origin, stranger.cert), trace))).toBe('vendor_unreachable');
  expect(trace.vendorAttempts).toBe(2);
  expect(vendor.requests).toHaveLength(0);
});

test('gives each of two tries 2 s to connect', async () => {
  let connections = 0;
  const origin = await startRaw(
    createTcpServer(() => {
      connections += 1;
    }),
  );
  expect(await failure(call(clientOf(origin)))).toBe('vendor_unreachable');
  expect(connections).toBe(2);
}, 10_000);

test('starts no call with less than 3 s left', async () => {
  const { vendor, client } = await startVendor();
  const trace = newTrace();
  expect(await failure(call(client, trace, 2_999))).toBe('vendor_unreachable');
  expect(trace.vendorAttempts).toBe(0);
  expect(vendor.connections).toBe(0);
});

test('does not fail for a preparation that fails', async () => {
  const { vendor } = await startVendor();
  const client = clientOf(vendor.origin);
  await vendor.close();
  await expect(client.prepare()).rejects.toThrow('ECONNREFUSED');
  expect(await failure(call(client))).toBe('vendor_unreachable');
});
