import { EventEmitter } from 'node:events';
import type { ClientRequest } from 'node:http';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { VendorCall } from '../../../functions/begini/vendor-call.ts';
import { VendorError } from '../../../functions/errors.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** What a system error means for a call: by default over a reused connection, at once, before any byte. */
function meaningOf(code: string, { reused = true, bytesReceived = 0, afterMs = 5 } = {}): string {
  const request = new EventEmitter();
  const socket = Object.assign(new EventEmitter(), { connecting: !reused, bytesRead: 100 });
  const call = new VendorCall(request as ClientRequest, 8_000);
  request.emit('socket', socket);
  if (!reused) socket.emit('connect');
  jest.advanceTimersByTime(afterMs);
  socket.bytesRead += bytesReceived;
  const explained = call.explain(Object.assign(new Error(code), { code }));
  call.stopTimers();
  return explained instanceof VendorError ? explained.code : explained.name;
}

test.each(['ECONNRESET', 'EPIPE'])('a reused connection that ends with %s at once was dead', (code) => {
  expect(meaningOf(code)).toBe('NotProcessed');
});

test.each([
  ['another error', 'ETIMEDOUT', {}],
  ['a fresh connection', 'EPIPE', { reused: false }],
  ['a part of a response', 'ECONNRESET', { bytesReceived: 1 }],
  ['more than a round trip', 'ECONNRESET', { afterMs: 1_000 }],
])('the outcome is unknown after %s', (_, code, changes) => {
  expect(meaningOf(code, changes)).toBe('vendor_connection_lost');
});
