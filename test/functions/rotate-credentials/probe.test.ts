import { expect, test } from '@jest/globals';
import { VendorError } from '../../../functions/errors.ts';
import { createScope } from '../../../functions/request-scope.ts';
import { probe } from '../../../functions/rotate-credentials/probe.ts';

const pair = { apiKey: 'key', integrationId: '42' };

/** Probes a vendor whose call ends with `error`, after a response with this status. */
function probing(error: Error, status: number | undefined): Promise<void> {
  const scope = createScope(Date.now() + 10_000);
  const vendor = {
    send: async () => {
      if (status !== undefined) scope.trace.vendorStatus = status;
      throw error;
    },
    startWarmUp: async () => undefined,
    warmUp: async () => undefined,
    close: () => undefined,
  };
  return probe(pair, { vendor, hmac: true }, scope);
}

test.each([
  [200, 'vendor_unusable'],
  [299, 'vendor_unusable'],
  [199, 'vendor_unreachable'],
  [300, 'vendor_unreachable'],
  [500, 'vendor_unreachable'],
  [401, 'refused_401'],
  [undefined, 'vendor_unreachable'],
])('an unreadable answer after status %p means %s', async (status, code) => {
  const invalid = new VendorError('vendor_response_invalid');
  await expect(probing(invalid, status)).rejects.toMatchObject({ code });
});

test('a connection that broke after a good status says nothing about the pair', async () => {
  const lost = new VendorError('vendor_connection_lost');
  await expect(probing(lost, 200)).rejects.toMatchObject({ code: 'vendor_unreachable' });
});

test('an unexpected error is no verdict on the pair', async () => {
  const error = new TypeError('defect');
  await expect(probing(error, 200)).rejects.toBe(error);
});
