import { expect, test } from '@jest/globals';
import { afterPass } from '../../../bin/rotate/after-pass.ts';

const startedAt = Date.UTC(2026, 10, 22, 10, 0, 30);
const passed = { startedAt, passedAt: startedAt + 9_001, isCompromised: false };

test('says until when results signed with the previous key are accepted, and never too late', () => {
  expect(afterPass({ ...passed, results: { previousKeyDays: 7 } })).toBe(
    'Results signed with the previous key are accepted until 2026-11-29 10:00 UTC. Nothing is left to do.',
  );
});

test.each([
  { isCompromised: true, results: { previousKeyDays: 7 } },
  { isCompromised: false, results: { previousKeyDays: 0 } },
])('says from when no such result is accepted, and never too early: %j', (renewal) => {
  expect(afterPass({ ...passed, ...renewal })).toContain('is accepted after 2026-11-22 10:01:40 UTC.');
});

test('reminds of the receiver if the stage has no results', () => {
  expect(afterPass({ ...passed, results: false })).toContain('give the new API key to the receiver');
});
