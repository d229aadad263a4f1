import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { expect } from '@jest/globals';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../../bin/stand-ins/begini/begini-simulator.ts';
import { type Certificate, makeCertificate } from '../../bin/stand-ins/certificate.ts';
import { createVendorClient, type VendorClient } from '../../functions/begini/client.ts';
import { buildSessionRequest } from '../../functions/begini/request.ts';
import { ServiceError } from '../../functions/errors.ts';
import { createScope, type RequestTrace } from '../../functions/request-scope.ts';

export const uid = 'ABCDE-12345';
export const request = buildSessionRequest(uid, simulatedCredentials, { hmac: true });

/** An answer after which a raw vendor keeps its connection. */
export const goodAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';

/** The certificate of every vendor in a test file. */
export const certificate: Certificate = await makeCertificate();

let cleanUps: (() => unknown)[] = [];

/** Registers something to be closed with the test. */
export function endWithTest(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp);
}

/** Closes all clients and vendors of a test: for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
}

/** A simulator of the vendor and a client of it. */
export async function startVendor(): Promise<{ vendor: BeginiSimulator; client: VendorClient }> {
  const vendor = await startBeginiSimulator({ tls: certificate });
  endWithTest(vendor.close);
  return { vendor, client: clientOf(vendor.origin) };
}

/** A client of the vendor at `origin` that trusts `ca`. */
export function clientOf(origin: string, ca: string = certificate.cert): VendorClient {
  const client = createVendorClient({ origin, ca });
  endWithTest(client.close);
  return client;
}

/** Starts a server on a free port, and returns its origin. */
export async function startRaw(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  endWithTest(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** What a raw vendor has received. */
export type RawVendor = { origin: string; connections: TLSSocket[]; calls: number };

/** Starts a vendor with TLS that handles whole session calls as a test says; by default it answers them. */
export async function startRawVendor(
  onCall: (socket: TLSSocket, calls: number) => unknown = (socket) => socket.write(goodAnswer),
): Promise<RawVendor> {
  const vendor: RawVendor = { origin: '', connections: [], calls: 0 };
  const server = createTlsServer({ ...certificate, noDelay: true }, (socket) => {
    let received = '';
    vendor.connections.push(socket);
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        received += chunk;
        if (!received.endsWith(request.body)) return;
        received = '';
        vendor.calls += 1;
        onCall(socket, vendor.calls);
      });
  });
  vendor.origin = await startRaw(server);
  return vendor;
}

export const newTrace = (): RequestTrace => createScope(0).trace;

/** Makes a session call with `timeLeftMs`. */
export function call(client: VendorClient, trace = newTrace(), timeLeftMs = 8_000) {
  return client.send(request, { deadline: Date.now() + timeLeftMs, trace });
}

/** The code of the error that a call ends with; also checks that the error contains no value of the call. */
export async function failure(answer: Promise<unknown>): Promise<string> {
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
