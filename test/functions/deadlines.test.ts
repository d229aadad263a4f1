import { expect, test } from '@jest/globals';
import * as deadlines from '../../functions/deadlines.ts';
import { requestDeadline } from '../../functions/deadlines.ts';

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

test('after its last read of another request’s claim, a request can still call the vendor and store the session', () => {
  const { shortestWaitMs, claimPollMs, storeReserveMs, shortestCallMs } = deadlines;
  expect(shortestWaitMs - claimPollMs - storeReserveMs).toBeGreaterThan(shortestCallMs);
});

test('a request ends a second before Lambda would end it', () => {
  expect(requestDeadline({ now: 100_000, remainingMs: 5_000, receivedAt: 99_900 })).toBe(104_000);
});

test('a request ends 14 s after API Gateway received it, even if the function started slowly', () => {
  expect(requestDeadline({ now: 100_000, remainingMs: 14_000, receivedAt: 97_000 })).toBe(111_000);
});

test('a result has less time from the moment that API Gateway received it', () => {
  const clock = { now: 100_000, remainingMs: 14_000, receivedAt: 98_000 };
  expect(requestDeadline(clock, deadlines.resultTimeoutMs)).toBe(102_750);
});

test('a request without API Gateway’s time has only Lambda’s', () => {
  expect(requestDeadline({ now: 100_000, remainingMs: 14_000, receivedAt: undefined })).toBe(113_000);
});

test.each([
  ['older than API Gateway waits', 84_999],
  ['in the future', 100_001],
])('a stamp that is %s does not count', (_, receivedAt) => {
  expect(requestDeadline({ now: 100_000, remainingMs: 14_500, receivedAt })).toBe(113_500);
});

test.each([
  ['60 s ahead', 60_000],
  ['60 s behind', -60_000],
])('a function with a clock that is %s has the full time of a request', (_, driftMs) => {
  const receivedAt = 1_000_000;
  const now = receivedAt + driftMs;
  expect(requestDeadline({ now, remainingMs: 14_000, receivedAt }) - now).toBe(13_000);
});

test.each([
  ['was received 15 s ago counts from then', 85_000, 99_000],
  ['was received longer ago counts from now', 84_999, 114_000],
  ['comes from the future counts from now', 100_001, 114_000],
])('a request that %s', (_, receivedAt, deadline) => {
  expect(requestDeadline({ now: 100_000, remainingMs: 29_000, receivedAt })).toBe(deadline);
});
