import { expect, test } from '@jest/globals';
import { type CallProgress, explainFailure } from '../../../functions/begini/vendor-call.ts';
import { VendorError } from '../../../functions/errors.ts';

/** A call over a reused connection that broke at once, before anything of an answer. */
const dead: CallProgress = {
  established: true,
  reused: true,
  answered: () => false,
  ageMs: () => 5,
  failure: undefined,
  giveUp: () => undefined,
  stopWatching: () => undefined,
};

/** What a system error means for a call that got as far as `progress` says. */
function meaningOf(code: string, progress: CallProgress): string {
  const explained = explainFailure(Object.assign(new Error(code), { code }), progress);
  return explained instanceof VendorError ? explained.code : explained.name;
}

test.each(['ECONNRESET', 'EPIPE'])('a reused connection that ends with %s at once was dead', (code) => {
  expect(meaningOf(code, dead)).toBe('NotProcessed');
});

test.each([
  ['another error', 'ETIMEDOUT', {}],
  ['a fresh connection', 'EPIPE', { reused: false }],
  ['a part of an answer', 'ECONNRESET', { answered: () => true }],
])('the outcome is unknown after %s', (_, code, changes) => {
  expect(meaningOf(code, { ...dead, ...changes })).toBe('vendor_connection_lost');
});
