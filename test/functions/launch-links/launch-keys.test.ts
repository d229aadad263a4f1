import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { ServiceError } from '../../../functions/errors.ts';
import { createLaunchKeys } from '../../../functions/launch-links/launch-keys.ts';
import { createScope } from '../../../functions/request-scope.ts';

const secretArn = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:launch-key-AbCdEf';
const hex = (digits: string) => digits.repeat(32);

const secretsManager = mockClient(SecretsManagerClient);
let now: number;

beforeEach(() => {
  secretsManager.reset();
  now = 1_000_000_000;
});

function setUp() {
  const client = new SecretsManagerClient({ region: 'eu-west-1' });
  const keys = createLaunchKeys({ client, secretArn, now: () => now, random: () => 0.5 });
  const scope = createScope(Date.now() + 10_000);
  return {
    trace: scope.trace,
    current: () => keys.current(scope),
    find: (id: string) => keys.find(id, scope),
  };
}

const named = (name: string) => Object.assign(new Error(`the key is ${hex('a1')}`), { name });
const on = (VersionStage: string) =>
  secretsManager.on(GetSecretValueCommand, { SecretId: secretArn, VersionStage });

/** Puts the versions into the secret; the first 8 characters of a version's id are the key's id. */
function holds(current: [id: string, value: string], previous?: [id: string, value: string]): void {
  on('AWSCURRENT').resolves({ VersionId: `${current[0]}-1111`, SecretString: current[1] });
  if (previous) on('AWSPREVIOUS').resolves({ VersionId: `${previous[0]}-1111`, SecretString: previous[1] });
  else on('AWSPREVIOUS').rejects(named('ResourceNotFoundException'));
}
const fails = (name = 'InternalServiceError') =>
  secretsManager.on(GetSecretValueCommand).rejects(named(name));

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    if (error instanceof ServiceError) return error.code;
    throw error;
  }
}

test('returns the current key, and finds it and the previous one by id', async () => {
  holds(['new00000', hex('a1')], ['old00000', hex('b2')]);
  const { current, find, trace } = setUp();
  const newKey = { id: 'new00000', bytes: Buffer.from(hex('a1'), 'hex') };
  expect(await current()).toEqual(newKey);
  expect(await find('new00000')).toEqual(newKey);
  expect(await find('old00000')).toEqual({ id: 'old00000', bytes: Buffer.from(hex('b2'), 'hex') });
  expect(trace.secretReads).toBe(1);
  expect(trace.secretStale).toBeUndefined();
});

test('finds a key by its id in upper or lower case', async () => {
  holds(['A1B2c3d4', hex('a1')]);
  expect((await setUp().find('a1b2c3d4'))?.id).toBe('A1B2c3d4');
});

test('needs no previous key, and ignores an invalid one', async () => {
  holds(['new00000', hex('a1')]);
  expect((await setUp().current()).id).toBe('new00000');
  holds(['new00000', hex('a1')], ['old00000', 'rubbish']);
  expect(await setUp().find('old00000')).toBeUndefined();
});

test.each([hex('A1'), hex('a1').slice(1), `${hex('a1')}0`, `${hex('a1').slice(2)}g0`, '', '{"key":1}'])(
  'does not take %p for a key',
  async (value) => {
    holds(['new00000', value]);
    await expect(setUp().current()).rejects.toMatchObject({
      code: 'secrets_unavailable',
      cause: { name: 'UnusableLaunchKey' },
    });
  },
);

test('reads once for concurrent callers, with known and unknown key ids', async () => {
  holds(['new00000', hex('a1')]);
  const { current, find, trace } = setUp();
  await Promise.all([current(), current(), find('new00000')]);
  expect(trace.secretReads).toBe(1);
  await Promise.all(['a', 'b', 'c', 'd'].map(find));
  expect(trace.secretReads).toBe(2);
});

test('reads again for an unknown key id, at most every 5 s', async () => {
  holds(['old00000', hex('b2')]);
  const { find, trace } = setUp();
  await find('old00000');
  holds(['new00000', hex('a1')], ['old00000', hex('b2')]);
  expect((await find('new00000'))?.id).toBe('new00000');
  expect(trace.secretReads).toBe(2);
  now += 4_999;
  expect(await find('unknown0')).toBeUndefined();
  expect(trace.secretReads).toBe(2);
  now += 1;
  expect(await find('unknown0')).toBeUndefined();
  expect(trace.secretReads).toBe(3);
});

test('does not report a key id as unknown while it cannot read again', async () => {
  holds(['old00000', hex('b2')]);
  const { find, trace } = setUp();
  await find('old00000');
  fails();
  expect(await codeOf(find('new00000'))).toBe('secrets_unavailable');
  now += 999;
  expect(await codeOf(find('new00000'))).toBe('secrets_unavailable');
  expect(trace.secretReads).toBe(2);
  expect((await find('old00000'))?.id).toBe('old00000');
});
