import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import {
  CredentialsCache,
  type CredentialsVersion,
} from '../../../functions/credentials/credentials-cache.ts';
import { ServiceError } from '../../../functions/errors.ts';
import { createScope } from '../../../functions/request-scope.ts';

const secretArn = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:credentials-AbCdEf';
const pair = (apiKey: string) => JSON.stringify({ apiKey, integrationId: '42' });

const secretsManager = mockClient(SecretsManagerClient);
let now: number;

beforeEach(() => {
  secretsManager.reset();
  now = 1_000_000_000;
});

function setUp() {
  const client = new SecretsManagerClient({ region: 'eu-west-1' });
  const cache = new CredentialsCache({ client, secretArn, now: () => now, random: () => 0.5 });
  const scope = createScope(Date.now() + 10_000);
  return {
    scope,
    trace: scope.trace,
    /** The credentials as a request gets them: read, then checked against what the vendor refuses. */
    get: async () => await cache.usable(await cache.read(scope), scope),
    refresh: () => cache.refresh(scope),
    replace: (refused: CredentialsVersion) => cache.replace(refused, scope),
    find: (versionId: string) => cache.find(versionId, scope),
    refuse: (refused: CredentialsVersion) => cache.refuse(refused),
    accept: (accepted: CredentialsVersion) => cache.accept(accepted),
  };
}

const holds = (apiKey: string, VersionId = `version-of-${apiKey}`) =>
  secretsManager.on(GetSecretValueCommand).resolves({ SecretString: pair(apiKey), VersionId });
const fails = (name = 'InternalServiceError') =>
  secretsManager
    .on(GetSecretValueCommand)
    .rejects(Object.assign(new Error('the secret is s3cr3t'), { name }));
const reads = () => secretsManager.commandCalls(GetSecretValueCommand).length;

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    if (error instanceof ServiceError) return error.code;
    throw error;
  }
}

describe('a pair in memory', () => {
  test('reads this secret, and returns its pair and version', async () => {
    holds('key-1');
    const { get, trace } = setUp();
    expect(await get()).toEqual({ apiKey: 'key-1', integrationId: '42', versionId: 'version-of-key-1' });
    expect(secretsManager.commandCalls(GetSecretValueCommand)[0]?.args[0].input).toEqual({
      SecretId: secretArn,
      VersionStage: 'AWSCURRENT',
    });
    expect(trace).toMatchObject({ secretReads: 1, secretVersionId: 'version-of-key-1' });
  });
});

describe('a refresh ahead of a read', () => {
  test('reads a pair that is overdue, and only then', async () => {
    holds('key-1');
    const { get, refresh } = setUp();
    await get();
    await refresh();
    expect(reads()).toBe(1);
    now += 300_000;
    await refresh();
    await get();
    expect(reads()).toBe(2);
  });

  test('shares its read with a request that comes meanwhile', async () => {
    holds('key-1');
    const { get, refresh } = setUp();
    await get();
    now += 300_000;
    await Promise.all([refresh(), get()]);
    expect(reads()).toBe(2);
  });

  test('fails in silence, and the request after it gets the last good pair without another read', async () => {
    holds('key-1');
    const { get, refresh } = setUp();
    await get();
    fails();
    now += 300_000;
    await refresh();
    expect((await get()).apiKey).toBe('key-1');
    expect(reads()).toBe(2);
  });

  test('reads nothing while no pair is in memory, so that requests without a valid link cause no reads', async () => {
    fails();
    const { get, refresh } = setUp();
    expect(await codeOf(get())).toBe('secrets_unavailable');
    await refresh();
    expect(reads()).toBe(1);
  });
});

describe('a secret without a usable pair', () => {
  test('says that the secret is unavailable if it never read a pair, and tries again at once', async () => {
    fails();
    const { get } = setUp();
    expect(await codeOf(get())).toBe('secrets_unavailable');
    holds('key-1');
    expect((await get()).apiKey).toBe('key-1');
  });

  test.each([
    ['the sentinel', '{"apiKey":"UNSET","integrationId":"UNSET"}'],
    ['nothing', undefined],
  ])('says that the credentials are not set if the secret holds %s', async (_, SecretString) => {
    secretsManager
      .on(GetSecretValueCommand)
      .resolves({ VersionId: 'v', ...(SecretString && { SecretString }) });
    expect(await codeOf(setUp().get())).toBe('credentials_not_set');
  });

  test('detects the first pair within a second', async () => {
    holds('UNSET');
    const { get } = setUp();
    expect(await codeOf(get())).toBe('credentials_not_set');
    holds('key-1');
    now += 999;
    expect(await codeOf(get())).toBe('credentials_not_set');
    expect(reads()).toBe(1);
    now += 1;
    expect((await get()).apiKey).toBe('key-1');
  });

  test('serves no stale pair after the secret no longer holds a pair', async () => {
    holds('key-1');
    const { get } = setUp();
    await get();
    holds('UNSET');
    now += 330_000;
    expect(await codeOf(get())).toBe('credentials_not_set');
  });

  test('never serves a withdrawn pair from memory, even if Secrets Manager fails afterwards', async () => {
    holds('key-1');
    const { get } = setUp();
    await get();
    holds('UNSET');
    now += 330_000;
    expect(await codeOf(get())).toBe('credentials_not_set');
    fails();
    now += 1_000;
    expect(await codeOf(get())).toBe('secrets_unavailable');
  });

  test('never serves a refused pair again after the secret no longer holds a pair', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    holds('UNSET');
    expect(await codeOf(replace(refused))).toBe('credentials_not_set');
    fails();
    now += 15_000;
    expect(await codeOf(get())).toBe('secrets_unavailable');
  });

  test('uses a pair at once if it finds one within a second of finding none', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    secretsManager.on(GetSecretValueCommand).callsFake(async () => {
      now += 500;
      return { SecretString: pair('UNSET'), VersionId: 'version-of-none' };
    });
    expect(await codeOf(replace(refused))).toBe('credentials_not_set');
    holds('key-2');
    now += 500; // A second after the first read started, half a second after it found none.
    expect((await replace(refused)).apiKey).toBe('key-2');
    expect((await get()).apiKey).toBe('key-2');
  });
});

describe('a refused pair', () => {
  test('returns the version that has replaced a refused one', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    holds('key-2');
    expect((await replace(refused)).apiKey).toBe('key-2');
    expect((await get()).apiKey).toBe('key-2');
    expect(reads()).toBe(2);
  });

  test('uses a version that another request has just read, without reading again', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    holds('key-2');
    now += 330_000;
    await get();
    expect((await replace(refused)).apiKey).toBe('key-2');
    expect(reads()).toBe(2);
  });

  test('remembers a refused version for 15 s, and reads the secret at most once a second during that time', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    expect(await codeOf(replace(refused))).toBe('credentials_refused');
    expect(reads()).toBe(2);
    for (let tenths = 1; tenths < 150; tenths += 1) {
      now += 100;
      expect(await codeOf(get())).toBe('credentials_refused');
    }
    expect(reads()).toBe(2 + 14);
  });

  test('continues at once when a refused version has been replaced', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    await codeOf(replace(refused));
    now += 1_000;
    holds('key-2');
    expect((await get()).apiKey).toBe('key-2');
  });

  test('allows one request in 15 s to call the vendor with a refused version', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    await codeOf(replace(refused));
    now += 15_000;
    expect((await get()).apiKey).toBe('key-1');
    expect(await codeOf(get())).toBe('credentials_refused');
  });

  test('forgets a refusal after the vendor has accepted the version', async () => {
    holds('key-1');
    const { get, replace, accept } = setUp();
    const refused = await get();
    await codeOf(replace(refused));
    now += 15_000;
    accept(await get());
    expect((await get()).apiKey).toBe('key-1');
  });

  test('does not forget a refusal because the vendor has accepted another version', async () => {
    holds('key-1');
    const { get, refuse, accept } = setUp();
    const earlier = await get();
    holds('key-2');
    now += 330_000;
    refuse(await get());
    accept(earlier); // The answer to a call that started before.
    expect(await codeOf(get())).toBe('credentials_refused');
  });

  test('still counts a version as refused if the secret cannot be read again', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    fails();
    expect(await codeOf(replace(refused))).toBe('credentials_refused');
  });

  test('says that the credentials are not set if a refused pair was removed', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    holds('UNSET');
    expect(await codeOf(replace(refused))).toBe('credentials_not_set');
  });

  test('shares a forced read in progress instead of failing or reading twice', async () => {
    holds('key-1');
    const { get, replace } = setUp();
    const refused = await get();
    holds('key-2');
    const replacements = await Promise.all(Array.from({ length: 5 }, () => replace(refused)));
    expect(replacements.map(({ apiKey }) => apiKey)).toEqual(Array(5).fill('key-2'));
    expect(reads()).toBe(2);
  });
});

describe('the pair of a version that is not in memory', () => {
  test.each([
    ['ResourceNotFoundException', 'none'],
    ['InternalServiceError', 'secrets_unavailable'],
  ])('cannot be found without knowing the previous one: %s', async (name, code) => {
    holds('key-1');
    const { find } = setUp();
    secretsManager
      .on(GetSecretValueCommand, { SecretId: secretArn, VersionStage: 'AWSPREVIOUS' })
      .rejects(Object.assign(new Error('failed'), { name }));
    expect(await codeOf(find('another version'))).toBe(code);
  });

  test('is found right after another one was not: a new pair may have come into use between the two', async () => {
    holds('key-1');
    const { get, find } = setUp();
    await get();
    expect(await find('version-of-nothing')).toBeUndefined();
    holds('key-2');
    expect(await find('version-of-key-2')).toMatchObject({ apiKey: 'key-2' });
  });

  test('is looked up once in 5 s also while others are looked up', async () => {
    holds('key-1');
    const { get, find } = setUp();
    await get();
    const before = reads();
    for (const version of ['version-of-nothing', 'another', 'version-of-nothing', 'another'])
      await find(version);
    expect(reads() - before).toBe(4);
  });
});
