import { describe, expect, test } from '@jest/globals';
import {
  CredentialsCache,
  type CredentialsVersion,
} from '../../../functions/credentials/credentials-cache.ts';
import { doubleSecret } from '../../support/doubled-secret.ts';

const { clock, options, newScope, on, holds: holdsVersion, fails } = doubleSecret();

const pair = (apiKey: string) => JSON.stringify({ apiKey, integrationId: '42' });
const holds = (apiKey: string) => holdsVersion([`version-of-${apiKey}`, pair(apiKey)]);

function setUp() {
  const cache = new CredentialsCache(options);
  const scope = newScope();
  return {
    trace: scope.trace,
    /** The credentials as a request gets them: read, then checked against what the vendor refuses. */
    get: async () => await cache.usable(await cache.read(scope), scope),
    replace: (refused: CredentialsVersion) => cache.replace(refused, scope),
    find: (versionId: string) => cache.find(versionId, scope),
    refuse: (refused: CredentialsVersion) => cache.refuse(refused),
    accept: (accepted: CredentialsVersion) => cache.accept(accepted),
  };
}

const notSet = { code: 'credentials_not_set' };
const notAccepted = { code: 'credentials_refused' };

test('returns the pair and its version', async () => {
  holds('key-1');
  const { get, trace } = setUp();
  expect(await get()).toEqual({ apiKey: 'key-1', integrationId: '42', versionId: 'version-of-key-1' });
  expect(trace).toMatchObject({ secretReads: 1, secretVersionId: 'version-of-key-1' });
});

describe('a secret without a usable pair', () => {
  test('detects the first pair within a second', async () => {
    holds('UNSET');
    const { get, trace } = setUp();
    await expect(get()).rejects.toMatchObject(notSet);
    holds('key-1');
    clock.now += 999;
    await expect(get()).rejects.toMatchObject(notSet);
    expect(trace.secretReads).toBe(1);
    clock.now += 1;
    expect((await get()).apiKey).toBe('key-1');
  });

  test.each(['overdue', 'refused'])(
    'never serves a pair that was %s and withdrawn, even if Secrets Manager fails afterwards',
    async (state) => {
      holds('key-1');
      const { get, replace } = setUp();
      const withdrawn = await get();
      holds('UNSET');
      clock.now += state === 'overdue' ? 330_000 : 0;
      await expect(state === 'overdue' ? get() : replace(withdrawn)).rejects.toMatchObject(notSet);
      fails();
      clock.now += 15_000;
      await expect(get()).rejects.toMatchObject({ code: 'secrets_unavailable' });
    },
  );

  test('uses a pair at once if it finds one within a second of finding none', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    on('AWSCURRENT').callsFake(async () => {
      clock.now += 500;
      return { SecretString: pair('UNSET'), VersionId: 'version-of-none' };
    });
    await expect(replace(refused)).rejects.toMatchObject(notSet);
    holds('key-2');
    clock.now += 500; // A second after the first read started, half a second after it found none.
    expect((await replace(refused)).apiKey).toBe('key-2');
    expect((await get()).apiKey).toBe('key-2');
  });
});

describe('a refused pair', () => {
  test('uses a version that another request has just read, without reading again', async () => {
    holds('key-1');
    const { get, replace, trace } = setUp();
    const refused = await get();
    holds('key-2');
    clock.now += 330_000;
    await get();
    expect((await replace(refused)).apiKey).toBe('key-2');
    expect(trace.secretReads).toBe(2);
  });

  test('remembers a refused version for 15 s, and reads the secret at most once a second during that time', async () => {
    holds('key-1');
    const { get, replace, trace } = setUp();
    await expect(replace(await get())).rejects.toMatchObject(notAccepted);
    expect(trace.secretReads).toBe(2);
    for (let tenths = 1; tenths < 150; tenths += 1) {
      clock.now += 100;
      await expect(get()).rejects.toMatchObject(notAccepted);
    }
    expect(trace.secretReads).toBe(2 + 14);
  });

  test('continues at once when a refused version has been replaced', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    await expect(replace(await get())).rejects.toMatchObject(notAccepted);
    clock.now += 1_000;
    holds('key-2');
    expect((await get()).apiKey).toBe('key-2');
  });

  test('allows one request in 15 s to call the vendor with a refused version', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    await expect(replace(await get())).rejects.toMatchObject(notAccepted);
    clock.now += 15_000;
    expect((await get()).apiKey).toBe('key-1');
    await expect(get()).rejects.toMatchObject(notAccepted);
  });

  test('does not forget a refusal because the vendor has accepted another version', async () => {
    holds('key-1');
    const { get, refuse, accept } = setUp();
    const earlier = await get();
    holds('key-2');
    clock.now += 330_000;
    refuse(await get());
    accept(earlier); // The answer to a call that started before.
    await expect(get()).rejects.toMatchObject(notAccepted);
  });
});

test('finds a version right after another one was not found: a new pair may have come into use between the two', async () => {
  holds('key-1');
  const { get, find } = setUp();
  await get();
  expect(await find('version-of-nothing')).toBeUndefined();
  holds('key-2');
  expect(await find('version-of-key-2')).toMatchObject({ apiKey: 'key-2' });
});
