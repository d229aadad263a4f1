import { createServer as createTcpServer } from 'node:net';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { simulatedCredentials, startBeginiSimulator } = await import(
  '../../../bin/stand-ins/begini/begini-simulator.ts'
);
const { makeCertificate } = await import('../../../bin/stand-ins/certificate.ts');
const {
  call,
  clientOf,
  closeAll,
  endWithTest,
  failure,
  goodAnswer,
  newTrace,
  request,
  startRaw,
  startRawVendor,
  startVendor,
} = await import('../../support/vendor-calls.ts');
afterAll(() => time.restore());

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

describe('a call and its response', () => {
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
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'content-length': String(request.body.length),
      connection: 'keep-alive',
      host: new URL(vendor.origin).host,
    });
    expect(trace).toEqual({
      vendorAttempts: 1,
      vendorStatus: 200,
      vendorMs: expect.any(Number),
      secretReads: 0,
    });
  });

  test('reads at most 16 KiB of an answer, and continues with a new connection', async () => {
    const { vendor, client } = await startVendor();
    vendor.setFault({ fault: 'oversized', times: 1 });
    expect(await call(client)).toMatchObject({ statusCode: 200, body: '' });
    expect((await call(client)).statusCode).toBe(200);
    expect(vendor.connections).toBe(2);
  });

  test.each([
    [16_384, 'whole'],
    [16_385, 'as empty'],
  ] as const)('reads an answer of %d bytes %s', async (bytes, how) => {
    const { vendor, client } = await startVendor();
    const body = 'x'.repeat(bytes - 2); // JSON adds two quotation marks.
    vendor.setFault({ fault: 'raw-answer', body });
    expect((await call(client)).body).toBe(how === 'whole' ? JSON.stringify(body) : '');
  });

  test('needs no TLS for a simulator on this machine, prepares nothing for it, and keeps its connection', async () => {
    const vendor = await startBeginiSimulator();
    endWithTest(vendor.close);
    const client = clientOf(vendor.origin);
    await client.warmUp();
    expect(vendor.connections).toBe(0);
    for (const _ of [1, 2]) expect((await call(client)).statusCode).toBe(200);
    expect(vendor.connections).toBe(1);
  });

  test('leaves no timer behind', async () => {
    const { client } = await startVendor();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await call(client);
    expect(timers()).toBe(before);
  });

  test('reports the time that the vendor took', async () => {
    let now = 1_000_000_000_000;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    const { origin } = await startRawVendor((socket) => {
      now += 70;
      socket.write(goodAnswer);
    });
    const trace = newTrace();
    const client = clientOf(origin);
    await call(client, trace);
    expect(trace.vendorMs).toBe(70);
    await call(client, trace);
    expect(trace.vendorMs).toBe(140);
  });
});

describe('a call that may have reached the vendor', () => {
  test('does not repeat a call when a kept connection breaks in the middle of the status line', async () => {
    const vendor = await startRawVendor((socket, calls) => {
      if (calls === 1) socket.write(goodAnswer);
      else socket.write('HTTP/1.1 20', () => socket.destroy());
    });
    const client = clientOf(vendor.origin);
    await call(client);
    expect(await failure(call(client))).toBe('vendor_connection_lost');
    expect(vendor.calls).toBe(2);
  });

  test.each([
    ['101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n', 'vendor_connection_lost'],
    ['200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n', 'vendor_response_invalid'],
  ])('judges an answer that cannot go on at once: %j', async (answer, code) => {
    const { origin } = await startRawVendor((socket) => socket.write(`HTTP/1.1 ${answer}`));
    expect(await failure(call(clientOf(origin)))).toBe(code);
  });

  test('ends at its deadline when the body of an answer stalls, or arrives slowly', async () => {
    const { origin } = await startRawVendor((socket, calls) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{');
      if (calls === 1) return;
      const drip = setInterval(() => socket.write(' '), 50);
      socket.on('close', () => clearInterval(drip));
    });
    const client = clientOf(origin);
    const traces = [newTrace(), newTrace()];
    const calls = traces.map((trace) => call(client, trace, 3_500));
    expect(await Promise.all(calls.map(failure))).toEqual(['vendor_timeout', 'vendor_timeout']);
    // The status of an answer is known before its body.
    expect(traces.map(({ vendorStatus }) => vendorStatus)).toEqual([200, 200]);
  });
});

describe('a vendor that cannot be reached', () => {
  test.each([
    ['find a host that has no address', 'https://host.invalid', expect.stringMatching(/^E[A-Z_]+$/)],
    ['connect to a port that refuses', 'https://127.0.0.1:1', 'ECONNREFUSED'],
  ])('tries twice to %s, and keeps the reason for the log', async (_, origin, code) => {
    const trace = newTrace();
    const answer = call(clientOf(origin), trace);
    expect(await failure(answer)).toBe('vendor_unreachable');
    await expect(answer).rejects.toMatchObject({ cause: { code } });
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
  });

  test('starts no call with less than 3 s left', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(1_000_000_000_000);
    const { vendor, client } = await startVendor();
    const trace = newTrace();
    expect(await failure(call(client, trace, 2_999))).toBe('vendor_unreachable');
    expect(trace.vendorAttempts).toBe(0);
    expect(vendor.connections).toBe(0);
    expect((await call(client, trace, 3_000)).statusCode).toBe(200);
  });
});
