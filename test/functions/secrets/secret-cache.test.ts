import { describe, expect, test } from '@jest/globals';
import { SecretCache, type SecretCacheOptions } from '../../../functions/secrets/secret-cache.ts';
import { doubleSecret, named } from '../../support/doubled-secret.ts';

const { clock, options, newScope, on, holds, fails } = doubleSecret();

/** A cache of a secret whose value is a number. */
function setUp(changes: Partial<SecretCacheOptions<number>> = {}) {
  const cache = new SecretCache<number>({
    ...options,
    parse(text) {
      if (!/^\d+$/.test(String(text))) throw new RangeError('not a number');
      return Number(text);
    },
    ...changes,
  });
  const scope = newScope();
  return {
    trace: scope.trace,
    cache,
    get: async () => (await cache.get(scope)).current.value,
    reread: async () => (await cache.reread(scope)).current.value,
    find: async (id: string) => (await cache.find((version) => version.id === id, id, scope))?.value,
  };
}

const unavailable = { code: 'secrets_unavailable' };

describe('what is read', () => {
  test('is both versions, with the time of their creation and their labels', async () => {
    const createdAt = new Date(7_000);
    on('AWSCURRENT').resolves({
      VersionId: 'two',
      SecretString: '2',
      CreatedDate: createdAt,
      VersionStages: ['AWSCURRENT', 'SOME_LABEL'],
    });
    on('AWSPREVIOUS').resolves({ VersionId: 'one', SecretString: '1' });
    const { cache, get, trace } = setUp({ withPrevious: true });
    expect(await get()).toBe(2);
    expect(cache.peek()).toMatchObject({
      current: { id: 'two', value: 2, createdAt, labels: ['AWSCURRENT', 'SOME_LABEL'] },
      previous: { id: 'one', value: 1, createdAt: undefined, labels: [] },
    });
    expect(trace.secretReads).toBe(1);
  });

  test.each([
    ['there is none', undefined],
    ['it is unusable', ['one', 'rubbish'] as [string, string]],
  ])('has no previous version if %s', async (_, previous) => {
    holds(['two', '2'], previous);
    const { cache, get } = setUp({ withPrevious: true });
    expect(await get()).toBe(2);
    expect(cache.peek()?.previous).toBeUndefined();
  });

  test('counts as failed if the previous version cannot be read', async () => {
    holds(['two', '2']);
    on('AWSPREVIOUS').rejects(named('AccessDeniedException'));
    await expect(setUp({ withPrevious: true }).get()).rejects.toMatchObject(unavailable);
  });

  test('counts as failed if the current version is unusable, and the cached one is served', async () => {
    holds(['one', '1']);
    const { get, reread, trace } = setUp();
    await get();
    holds(['two', 'rubbish']);
    await expect(reread()).rejects.toMatchObject({ ...unavailable, cause: { name: 'RangeError' } });
    clock.now += 300_000;
    expect(await get()).toBe(1);
    expect(trace.secretStale).toBe(true);
  });

  test('does not replace what a later read has found', async () => {
    holds(['one', '1']);
    const { get, reread, find } = setUp();
    await get();
    const { promise, resolve: answer } = Promise.withResolvers<object>();
    const answers = [promise, { VersionId: 'two', SecretString: '2' }];
    on('AWSCURRENT').callsFake(() => answers.shift());
    const early = reread();
    clock.now += 1;
    expect(await find('two')).toBe(2);
    answer({ VersionId: 'one', SecretString: '1' });
    expect(await early).toBe(1);
    expect(await get()).toBe(2);
  });
});

describe('a value in memory', () => {
  test.each([
    [0, 270_000],
    [0.5, 300_000],
    [1, 330_000],
  ])('is fresh for 300 s ± 10 %%: a share of %d means %d ms', async (random, freshMs) => {
    holds(['one', '1']);
    const { get, trace } = setUp({ random: () => random });
    await get();
    clock.now += freshMs - 1;
    await get();
    expect(trace.secretReads).toBe(1);
    clock.now += 1;
    await get();
    expect(trace.secretReads).toBe(2);
  });

  test('is served if its refresh fails, which is tried again after 30 s', async () => {
    holds(['one', '1']);
    const { get, trace } = setUp();
    await get();
    expect(trace.secretStale).toBeUndefined();
    fails();
    clock.now += 300_000;
    expect(await get()).toBe(1);
    expect(trace).toMatchObject({ secretReads: 2, secretStale: true });
    clock.now += 29_999;
    await get();
    expect(trace.secretReads).toBe(2);
    clock.now += 1;
    await get();
    expect(trace.secretReads).toBe(3);
  });

  test('is served for an hour at most', async () => {
    holds(['one', '1']);
    const { get } = setUp();
    await get();
    fails();
    clock.now += 3_599_999;
    expect(await get()).toBe(1);
    clock.now += 1;
    await expect(get()).rejects.toMatchObject(unavailable);
  });

  test('is fresh again after a refresh that succeeds', async () => {
    holds(['one', '1']);
    const { get, trace } = setUp();
    await get();
    fails();
    clock.now += 300_000;
    await get();
    delete trace.secretStale;
    holds(['two', '2']);
    clock.now += 30_000;
    expect(await get()).toBe(2);
    expect(trace.secretStale).toBeUndefined();
  });

  test('lives as long as its user says, and is not served stale if its user says so', async () => {
    holds(['one', '1']);
    const { get, trace } = setUp({ lifeOf: () => ({ freshMs: 60_000, jitter: 0, staleMs: 0 }) });
    await get();
    fails();
    clock.now += 59_999;
    expect(await get()).toBe(1);
    clock.now += 1;
    await expect(get()).rejects.toMatchObject(unavailable);
    await expect(get()).rejects.toMatchObject(unavailable);
    expect(trace.secretReads).toBe(3);
  });

  test('is read once for concurrent callers', async () => {
    holds(['one', '1']);
    const { get, reread, trace } = setUp();
    await Promise.all([get(), get(), reread(), reread()]);
    expect(trace.secretReads).toBe(1);
  });
});

describe('a forced read', () => {
  test('is made at most once a second, and callers share it, even its error', async () => {
    holds(['one', '1']);
    const { get, reread, trace } = setUp();
    await get();
    fails();
    await expect(reread()).rejects.toMatchObject(unavailable);
    clock.now += 999;
    await expect(reread()).rejects.toMatchObject(unavailable);
    expect(trace.secretReads).toBe(2);
    holds(['two', '2']);
    clock.now += 1;
    expect(await reread()).toBe(2);
    expect(await get()).toBe(2);
    expect(trace.secretReads).toBe(3);
  });
});

describe('a version that is looked for', () => {
  test.each(
    [false, true].flatMap((withPrevious) =>
      (['get', 'reread', 'find'] as const).map((way) => [way, withPrevious] as const),
    ),
  )(
    'is in memory after any read, as is the one that it has replaced: %s, withPrevious %s',
    async (way, withPrevious) => {
      holds(['one', '1']);
      const { get, reread, find, trace } = setUp({ withPrevious });
      await get();
      holds(['two', '2'], ['one', '1']);
      if (way === 'get') clock.now += 300_000;
      await { get, reread, find: () => find('two') }[way]();
      expect(trace.secretReads).toBe(2);
      expect([await get(), await find('two'), await find('one')]).toEqual([2, 2, 1]);
      expect(trace.secretReads).toBe(2);
    },
  );

  test('is found in memory if it was cached before, also after the new one was read again', async () => {
    holds(['one', '1']);
    const { get, find, trace } = setUp();
    await get();
    holds(['two', '2']);
    for (const _ of ['two', 'two again']) {
      clock.now += 300_000;
      await get();
    }
    expect(await find('one')).toBe(1);
    expect(trace.secretReads).toBe(3);
  });

  test('is read once in 5 s for the same id, and once for concurrent callers; a failure counts for a second', async () => {
    holds(['one', '1']);
    const { get, find, trace } = setUp();
    await get();
    await Promise.all(['none', 'none'].map(find));
    clock.now += 4_999;
    expect(await find('none')).toBeUndefined();
    expect(trace.secretReads).toBe(2);
    clock.now += 1;
    fails();
    await expect(find('none')).rejects.toMatchObject(unavailable);
    holds(['one', '1']);
    clock.now += 999;
    await expect(find('none')).rejects.toMatchObject(unavailable);
    expect(await find('one')).toBe(1);
    expect(trace.secretReads).toBe(3);
    clock.now += 1;
    expect(await find('none')).toBeUndefined();
    expect(trace.secretReads).toBe(4);
  });

  test('is read at once if another id was looked for before, and stays in memory', async () => {
    holds(['one', '1']);
    const { get, find, trace } = setUp();
    await get();
    expect(await find('none')).toBeUndefined();
    holds(['two', '2'], ['one', '1']);
    expect(await find('two')).toBe(2);
    expect(await find('one')).toBe(1);
    expect(await get()).toBe(2);
    expect(await find('none')).toBeUndefined();
    expect(trace.secretReads).toBe(3);
  });
});
