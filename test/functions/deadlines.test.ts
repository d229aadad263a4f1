import { getDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as deadlines from '../../functions/deadlines.ts';
import { requestDeadline } from '../../functions/deadlines.ts';
import { KeepAliveAgent } from '../../functions/keep-alive-agent.ts';

test('each deadline is longer than the inner ones that it waits for', () => {
  const { gatewayTimeoutMs, functionTimeoutMs, requestTimeoutMs, answerReserveMs, vendorTimeoutMs } =
    deadlines;
  expect(gatewayTimeoutMs).toBeGreaterThan(functionTimeoutMs);
  expect(gatewayTimeoutMs - requestTimeoutMs).toBeGreaterThanOrEqual(answerReserveMs);
  // A request that needs two secrets reads them at the same time.
  const work = deadlines.secretReadTimeoutMs + vendorTimeoutMs;
  expect(functionTimeoutMs - answerReserveMs).toBeGreaterThanOrEqual(work);
});

test('all tries to read the secret fit into the time of one read', () => {
  const { secretReadTimeoutMs, secretTries, secretTryTimeoutMs } = deadlines;
  expect(secretReadTimeoutMs).toBeGreaterThan(secretTries * secretTryTimeoutMs);
});

test('a rotation step has time for its slowest calls', () => {
  const { rotationStepTimeoutMs, secretReadTimeoutMs, vendorTimeoutMs } = deadlines;
  expect(rotationStepTimeoutMs).toBeGreaterThan(7 * secretReadTimeoutMs + vendorTimeoutMs);
});

test('two failed connections and a call fit into the vendor’s time', () => {
  const { vendorTimeoutMs, connectTimeoutMs, shortestCallMs } = deadlines;
  expect(vendorTimeoutMs).toBeGreaterThanOrEqual(2 * connectTimeoutMs + shortestCallMs);
});

test('Begini has the answer to a result within 5 s, and a queue gets its second try in the slowest case too', () => {
  const { resultTimeoutMs, secretTryTimeoutMs, forcedReadTimeoutMs, sendTries, sendTryTimeoutMs } = deadlines;
  expect(resultTimeoutMs).toBeLessThan(5_000);
  const slowestFirstTryMs = secretTryTimeoutMs + forcedReadTimeoutMs + (sendTries - 1) * sendTryTimeoutMs;
  expect(resultTimeoutMs - slowestFirstTryMs).toBeGreaterThanOrEqual(sendTryTimeoutMs / 2);
});

test('a connection has time for two addresses, and so has each try of a call to AWS', () => {
  const { connectTimeoutMs, secretTryTimeoutMs, addressTimeoutMs, storeTryTimeoutMs, sendTryTimeoutMs } =
    deadlines;
  expect(Math.min(connectTimeoutMs, secretTryTimeoutMs)).toBeGreaterThanOrEqual(2 * addressTimeoutMs);
  // The table and the queues have Node's own time.
  expect(new KeepAliveAgent().options.autoSelectFamilyAttemptTimeout).toBeUndefined();
  const nodesOwnMs = getDefaultAutoSelectFamilyAttemptTimeout();
  expect(Math.min(storeTryTimeoutMs, sendTryTimeoutMs)).toBeGreaterThanOrEqual(2 * nodesOwnMs);
});

/** One call to the table of sessions, including its second try. */
const storeCallMs = deadlines.storeTries * deadlines.storeTryTimeoutMs;

test('the time reserved for the table is enough to store the session', () => {
  expect(deadlines.storeReserveMs).toBeGreaterThan(storeCallMs);
});

test('a claim is valid until its session is stored, even in the slowest case', () => {
  const { claimMs, vendorTimeoutMs } = deadlines;
  // The claim counts from before it is sent.
  const claimedToStoredMs = storeCallMs + vendorTimeoutMs + storeCallMs;
  expect(claimMs).toBeGreaterThan(claimedToStoredMs);
});

test('a claim that reaches the table late cannot end a newer one, for longer than any call is in flight', () => {
  const { claimMs, clockToleranceMs, longestDelayMs } = deadlines;
  expect(longestDelayMs).toBeGreaterThan(claimMs + clockToleranceMs + storeCallMs);
});

test('after its last read of another request’s claim, a request can still call the vendor and store the session', () => {
  const { shortestWaitMs, claimPollMs, storeReserveMs, shortestCallMs } = deadlines;
  expect(shortestWaitMs - claimPollMs - storeReserveMs).toBeGreaterThan(shortestCallMs);
});

const clock = { now: 100_000, remainingMs: 14_000, receivedAt: 100_000, isFirst: false };

test.each([
  ['a second before Lambda would end it', { remainingMs: 5_000, receivedAt: 99_900 }, 104_000],
  [
    '14 s after API Gateway received it, even if the function started slowly',
    { receivedAt: 97_000, isFirst: true },
    111_000,
  ],
  ['by Lambda’s time alone, without API Gateway’s', { receivedAt: undefined }, 113_000],
])('a request ends %s', (_, changes, deadline) => {
  expect(requestDeadline({ ...clock, ...changes })).toBe(deadline);
});

test('a result has less time from the moment that API Gateway received it', () => {
  expect(requestDeadline({ ...clock, receivedAt: 98_000 }, deadlines.resultTimeoutMs)).toBe(102_750);
});

test.each([
  ['12 s old on a function’s first request counts', 88_000, true, 102_000],
  ['older does not count', 87_999, true, 114_000],
  ['2 s old on a later request counts', 98_000, false, 112_000],
  ['older does not count, as the function was not starting', 97_999, false, 114_000],
  ['from the future does not count', 100_001, true, 114_000],
  ['from the future does not count on a later request either', 100_001, false, 114_000],
])('a stamp that is %s', (_, receivedAt, isFirst, deadline) => {
  expect(requestDeadline({ ...clock, remainingMs: 29_000, receivedAt, isFirst })).toBe(deadline);
});

test('no clock, however wrong, leaves a request of a running function less than 12 s', () => {
  fc.assert(
    fc.property(fc.integer({ min: -100_000, max: 100_000 }), (driftMs) => {
      const now = 1_000_000 + driftMs;
      const deadline = requestDeadline({ ...clock, now, receivedAt: 1_000_000 });
      expect(deadline - now).toBeGreaterThanOrEqual(12_000);
    }),
  );
});
