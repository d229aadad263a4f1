import { EventEmitter } from 'node:events';
import type { ClientRequest } from 'node:http';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { VendorCall } from '../../../functions/begini/vendor-call.ts';
import { reasonOf, VendorError } from '../../../functions/errors.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** What a call's own error means: by default over a reused connection, at once, before any byte. */
function explain(code: string, { reused = true, connected = true } = {}) {
  const request = new EventEmitter();
  const socket = Object.assign(new EventEmitter(), { connecting: !reused, bytesRead: 100 });
  const call = new VendorCall(request as ClientRequest, 8_000);
  request.emit('socket', socket);
  if (!reused && connected) socket.emit('connect');
  const explained = call.explain(Object.assign(new Error(code), { code }));
  call.stopTimers();
  return explained;
}

function meaningOf(code: string, changes = {}): string {
  const explained = explain(code, changes);
  return explained instanceof VendorError ? explained.code : explained.name;
}

test.each(['ECONNRESET', 'EPIPE'])('a reused connection that ends with %s at once was dead', (code) => {
  expect(meaningOf(code)).toBe('NotProcessed');
});

test.each([
  ['another error', 'ETIMEDOUT', {}],
  ['a fresh connection', 'EPIPE', { reused: false }],
])('the outcome is unknown after %s', (_, code, changes) => {
  expect(meaningOf(code, changes)).toBe('vendor_connection_lost');
});

test.each([
  ['could not be connected', 'ECONNREFUSED', { reused: false, connected: false }],
  ['was dead', 'ECONNRESET', {}],
  ['is no HTTP', 'HPE_INVALID_CONSTANT', {}],
  ['was lost', 'ETIMEDOUT', {}],
])('the reason of a connection that %s is kept, for the log', (_, code, changes) => {
  expect(reasonOf(explain(code, changes).cause)).toBe(code);
});

test('the reason of a call that did not end in time is DeadlinePassed', () => {
  const request = Object.assign(new EventEmitter(), { destroy: () => request });
  const call = new VendorCall(request as unknown as ClientRequest, 8_000);
  request.emit('socket', Object.assign(new EventEmitter(), { connecting: false, bytesRead: 0 }));
  jest.advanceTimersByTime(8_000);
  const explained = call.explain(new Error('aborted'));
  expect(explained).toMatchObject({ code: 'vendor_timeout', cause: { name: 'DeadlinePassed' } });
});
