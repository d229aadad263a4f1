import { once } from 'node:events';
import { createServer as createTcpServer, type LookupFunction } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { setTimeout: pause } = await import('node:timers/promises');
const { makeCertificate } = await import('../../../bin/stand-ins/certificate.ts');
const { addressTimeoutMs } = await import('../../../functions/deadlines.ts');
const { vendorAgent } = await import('../../../functions/begini/client.ts');
const {
  call,
  certificate,
  clientOf,
  closeAll,
  endWithTest,
  failure,
  goodAnswer,
  newTrace,
  startRaw,
  startRawVendor,
  startVendor,
} = await import('../../support/vendor-calls.ts');
afterAll(() => time.restore());

let now: number;

beforeEach(() => {
  now = 1_000_000_000_000;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

/** Processes everything that is on its way: virtual time passes when nothing is. */
const settle = () => pause(2);

describe('what the vendor sends without a request', () => {
  test.each([
    ['the prepared connection', 'warmUp', () => undefined],
    ['the prepared connection, and closes it', 'warmUp', (socket: TLSSocket) => socket.end()],
    ['a kept connection', 'call', () => undefined],
  ] as const)('is not the answer to the next call: on %s', async (_, opening, then) => {
    const vendor = await startRawVendor();
    const client = clientOf(vendor.origin);
    await (opening === 'call' ? call(client) : client.warmUp());
    await settle();
    const [connection] = vendor.connections as [TLSSocket];
    connection.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
    then(connection);
    await settle();
    const trace = newTrace();
    expect(await call(client, trace)).toMatchObject({ statusCode: 200, body: '{}' });
    expect([trace.vendorAttempts, vendor.connections.length]).toEqual([1, 2]);
  });
});

describe('a connection that may be dead', () => {
  test.each([
    [999, 'repeats its call, as it was dead already', 'none', 2],
    [1_000, 'does not, as the vendor may have acted', 'vendor_connection_lost', 1],
  ])('if a kept one closes after %d ms, %s', async (afterMs, _, code, attempts) => {
    const vendor = await startRawVendor((socket, calls) => {
      if (calls !== 2) return socket.write(goodAnswer);
      now += afterMs;
      return socket.destroy();
    });
    const client = clientOf(vendor.origin);
    await call(client);
    const trace = newTrace();
    expect(await failure(call(client, trace))).toBe(code);
    expect([trace.vendorAttempts, vendor.calls]).toEqual([attempts, 1 + attempts]);
  });

  test('does not say that no session was created if a kept connection breaks and no other can be opened', async () => {
    const { vendor, client } = await startVendor();
    await call(client);
    vendor.refuseConnections(true);
    vendor.setFault({ fault: 'reset' });
    expect(await failure(call(client))).toBe('vendor_connection_lost');
    expect(vendor.requests).toHaveLength(2);
  });

  test.each([
    ['kept', 60_000, 1],
    ['kept', 60_001, 2],
    ['prepared', 60_000, 1],
    ['prepared', 60_001, 2],
  ])(
    'with a %s connection that was idle for %d ms, a call needs %d in all',
    async (which, idleMs, connections) => {
      const { vendor, client } = await startVendor();
      now += 120_000; // Only the time since the connection was last used counts.
      await (which === 'kept' ? call(client) : client.warmUp());
      now += idleMs;
      const trace = newTrace();
      await call(client, trace);
      expect([trace.vendorAttempts, vendor.connections]).toEqual([1, connections]);
    },
  );

  test('repeats a call over a new connection, not over another kept one', async () => {
    const { vendor, client } = await startVendor();
    await Promise.all([call(client), call(client)]);
    expect(vendor.connections).toBe(2);
    vendor.setFault({ fault: 'reset', times: 1 });
    const trace = newTrace();
    expect((await call(client, trace)).statusCode).toBe(200);
    expect([trace.vendorAttempts, vendor.connections]).toEqual([2, 3]);
  });

  test('sends once if the prepared connection is reset while it is idle', async () => {
    const { vendor, client } = await startVendor();
    await client.warmUp();
    vendor.closeIdleConnections('rst');
    await settle();
    const trace = newTrace();
    expect((await call(client, trace)).statusCode).toBe(200);
    expect([trace.vendorAttempts, vendor.connections]).toEqual([1, 2]);
  });
});

describe('the prepared connection', () => {
  test('names the vendor’s host in TLS, and none if it is an address', async () => {
    const vendor = await startRawVendor();
    await clientOf(vendor.origin.replace('127.0.0.1', 'localhost')).warmUp();
    await clientOf(vendor.origin).warmUp();
    await settle();
    expect(vendor.connections.map(({ servername }) => servername)).toEqual(['localhost', false]);
  });

  test('gives up a vendor that does not answer within 2 s', async () => {
    const origin = await startRaw(createTcpServer());
    await expect(clientOf(origin).warmUp()).rejects.toThrow('not connected in time');
  });

  test('prepares no connection to a vendor whose certificate it does not trust', async () => {
    const vendor = await startRawVendor();
    const stranger = await makeCertificate();
    await expect(clientOf(vendor.origin, stranger.cert).warmUp()).rejects.toThrow('self-signed');
  });

  test('is opened once, however often it is asked for', async () => {
    const { vendor, client } = await startVendor();
    await client.startWarmUp();
    await Promise.all([client.warmUp(), client.warmUp()]);
    await client.warmUp();
    await call(client);
    expect(vendor.connections).toBe(1);
  });

  /** An agent that looks every name up by `lookup`, and a vendor that it trusts. */
  async function startNamed(lookup: LookupFunction) {
    const { vendor } = await startVendor();
    const agent = vendorAgent({ ca: certificate.cert, lookup });
    endWithTest(() => agent.destroy());
    return { vendor, agent, target: { host: 'localhost', port: Number(new URL(vendor.origin).port) } };
  }

  /** A host with these addresses. */
  const withAddresses = (...addresses: string[]): LookupFunction => {
    const all = addresses.map((address) => ({ address, family: 4 }));
    // Like a real lookup, it ends in a later turn.
    return (_host, _options, found) => void setImmediate(() => found(null, all));
  };

  test('is on its way once its start has ended, however many turns the lookup of the name takes', async () => {
    let turns = 0;
    const { agent, target } = await startNamed((_host, _options, found) => {
      const take = () => {
        turns += 1;
        if (turns < 200) setImmediate(take);
        else found(null, [{ address: '127.0.0.1', family: 4 }]);
      };
      take();
    });
    await agent.startWarmUp(target);
    expect(turns).toBe(200);
    await agent.warmUp(target);
  });

  test('does not hold the start back while the lookup of the name hangs', async () => {
    const { agent, target } = await startNamed(() => undefined);
    await agent.startWarmUp(target);
    await expect(agent.warmUp(target)).rejects.toThrow('not connected in time');
  });

  test('that cannot be opened is no error of its start', async () => {
    const { vendor, agent, target } = await startNamed(withAddresses('127.0.0.1'));
    await vendor.close();
    await agent.startWarmUp(target);
    await expect(agent.warmUp(target)).rejects.toThrow('ECONNREFUSED');
  });

  test('to a host with two addresses is kept if it was established while JavaScript was running', async () => {
    const nodesOwnMs = 250;
    for (;;) {
      const { vendor, agent, target } = await startNamed(withAddresses('127.0.0.1', '127.0.0.2'));
      const startedAt = process.hrtime.bigint();
      await agent.startWarmUp(target);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, nodesOwnMs + 50);
      await agent.warmUp(target);
      const tookMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
      if (tookMs > addressTimeoutMs) continue; // The machine itself stood still: says nothing.
      expect(vendor.connections).toBe(1);
      return;
    }
  });

  test('closes the prepared connection with the client', async () => {
    const vendor = await startRawVendor();
    const client = clientOf(vendor.origin);
    await client.warmUp();
    await settle();
    client.close();
    const [connection] = vendor.connections;
    if (!connection?.destroyed) await once(connection as TLSSocket, 'close');
  });
});
