import { expect, test } from '@jest/globals';
import { createLaunchKeys } from '../../../functions/launch-links/launch-keys.ts';
import { doubleSecret } from '../../support/doubled-secret.ts';

const { clock, options, newScope, holds } = doubleSecret();
const hex = (digits: string) => digits.repeat(32);

function setUp() {
  const keys = createLaunchKeys(options);
  const scope = newScope();
  return {
    trace: scope.trace,
    current: () => keys.current(scope),
    find: (id: string) => keys.find(id, scope),
  };
}

test('returns the current key, and finds it and the previous one by the start of its version’s id', async () => {
  holds(['new00000-1111', hex('a1')], ['old00000-1111', hex('b2')]);
  const { current, find, trace } = setUp();
  const newKey = { id: 'new00000', bytes: Buffer.from(hex('a1'), 'hex') };
  expect(await current()).toEqual(newKey);
  expect(await find('new00000')).toEqual(newKey);
  expect(await find('old00000')).toEqual({ id: 'old00000', bytes: Buffer.from(hex('b2'), 'hex') });
  expect(trace.secretReads).toBe(1);
});

test('finds a key by its id in upper or lower case', async () => {
  holds(['A1B2c3d4-1111', hex('a1')]);
  expect((await setUp().find('a1b2c3d4'))?.id).toBe('A1B2c3d4');
});

test.each([hex('A1'), hex('a1').slice(1), `${hex('a1')}0`, `${hex('a1').slice(2)}g0`, '', '{"key":1}'])(
  'does not take %p for a key',
  async (value) => {
    holds(['new00000-1111', value]);
    await expect(setUp().current()).rejects.toMatchObject({
      code: 'secrets_unavailable',
      cause: { name: 'UnusableLaunchKey' },
    });
  },
);

test('reads again for an unknown key id, at most every 5 s for all of them', async () => {
  holds(['old00000-1111', hex('b2')]);
  const { find, trace } = setUp();
  await find('old00000');
  holds(['new00000-1111', hex('a1')], ['old00000-1111', hex('b2')]);
  expect((await find('new00000'))?.id).toBe('new00000');
  expect(trace.secretReads).toBe(2);
  clock.now += 4_999;
  expect(await find('unknown0')).toBeUndefined();
  expect(trace.secretReads).toBe(2);
  clock.now += 1;
  expect(await find('unknown0')).toBeUndefined();
  expect(trace.secretReads).toBe(3);
});
