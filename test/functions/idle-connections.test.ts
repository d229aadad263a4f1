import { afterEach, expect, jest, test } from '@jest/globals';
import { call, closeAll, newTrace, startVendor } from '../support/vendor-calls.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

/** Works without a turn of the event loop, as long as the longest pause before a call and more. */
function keepBusy(): void {
  for (const startedAt = performance.now(); performance.now() - startedAt < 10; );
}

test('sees that an idle connection is dead although the machine is busy at that moment, and sends once', async () => {
  const { vendor, client } = await startVendor();
  await call(client);
  vendor.closeIdleConnections('rst');
  const now = Date.now() + 2_000; // A function counts as frozen after an idle second.
  jest.spyOn(Date, 'now').mockReturnValue(now);
  const trace = newTrace();
  const answer = call(client, trace);
  keepBusy();
  expect((await answer).statusCode).toBe(200);
  expect([trace.vendorAttempts, vendor.connections]).toEqual([1, 2]);
});
