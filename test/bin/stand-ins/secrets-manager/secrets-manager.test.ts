import { randomUUID } from 'node:crypto';
import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientConfig } from '../../../../bin/stand-ins/client-config.ts';
import {
  type SecretsManager,
  startSecretsManager,
} from '../../../../bin/stand-ins/secrets-manager/secrets-manager.ts';

const SecretId = 'begini/credentials';
let standIn: SecretsManager;
let client: SecretsManagerClient;

beforeEach(async () => {
  standIn = await startSecretsManager({ secrets: { [SecretId]: 'first' } });
  client = new SecretsManagerClient(clientConfig(standIn.url));
});
afterEach(async () => {
  client.destroy();
  await standIn.close();
});

const get = (which: { VersionId?: string; VersionStage?: string } = {}) =>
  client.send(new GetSecretValueCommand({ SecretId, ...which }));
const readValue = async (which?: { VersionId?: string; VersionStage?: string }) =>
  (await get(which)).SecretString;
const labels = async () =>
  (await client.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages ?? {};
const move = (VersionStage: string, RemoveFromVersionId?: string, MoveToVersionId?: string) =>
  client.send(
    new UpdateSecretVersionStageCommand({ SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId }),
  );

async function put(
  SecretString: string,
  change: { token?: string; labels?: string[] } = {},
): Promise<string> {
  const { token: ClientRequestToken = randomUUID(), labels: VersionStages } = change;
  const command = new PutSecretValueCommand({ SecretId, SecretString, ClientRequestToken, VersionStages });
  return (await client.send(command)).VersionId ?? '';
}

describe('values and labels', () => {
  test('gets the current value by name, ARN and partial ARN', async () => {
    const { ARN = '', ...rest } = await get();
    expect(ARN).toMatch(
      /^arn:aws:secretsmanager:us-east-1:000000000000:secret:begini\/credentials-[0-9a-f]{6}$/,
    );
    expect(standIn.arnOf(SecretId)).toBe(ARN);
    expect(rest).toMatchObject({ Name: SecretId, SecretString: 'first', VersionStages: ['AWSCURRENT'] });
    expect(rest.CreatedDate).toBeInstanceOf(Date);
    for (const id of [ARN, ARN.slice(0, -7)]) {
      expect((await client.send(new GetSecretValueCommand({ SecretId: id }))).SecretString).toBe('first');
    }
  });

  test('creates a secret, with or without a value, once', async () => {
    const create = (Name: string, SecretString?: string) =>
      client.send(new CreateSecretCommand({ Name, SecretString, Description: 'a secret' }));
    expect((await create('with', 'value')).VersionId).toBeDefined();
    expect((await create('without')).VersionId).toBeUndefined();
    const described = await client.send(new DescribeSecretCommand({ SecretId: 'without' }));
    expect(described).toMatchObject({ Name: 'without', Description: 'a secret' });
    expect(described.VersionIdsToStages).toBeUndefined();
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'without' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    });
    await expect(create('with', 'value')).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  test('makes a new value current and the current one previous, and removes the labels of older ones', async () => {
    const { VersionId: first = '' } = await get();
    const second = await put('second');
    expect(await labels()).toEqual({ [first]: ['AWSPREVIOUS'], [second]: ['AWSCURRENT'] });
    const third = await put('third');
    expect(await labels()).toEqual({ [second]: ['AWSPREVIOUS'], [third]: ['AWSCURRENT'] });
    expect(await readValue()).toBe('third');
    expect(await readValue({ VersionStage: 'AWSPREVIOUS' })).toBe('second');
    expect(await readValue({ VersionId: first })).toBe('first');
  });

  test('puts a value under the given labels and does not change the current one', async () => {
    const staged = await put('next', { labels: ['BEGINI_NEXT'] });
    expect(await readValue()).toBe('first');
    const restaged = await put('better', { labels: ['BEGINI_NEXT', 'CHECKED'] });
    expect(await readValue({ VersionStage: 'BEGINI_NEXT' })).toBe('better');
    expect(await labels()).toMatchObject({ [restaged]: ['BEGINI_NEXT', 'CHECKED'] });
    expect(await labels()).not.toHaveProperty(staged);
  });

  test('makes the first value of a secret current, regardless of its labels', async () => {
    await client.send(new CreateSecretCommand({ Name: 'empty' }));
    const first = { SecretId: 'empty', SecretString: 'value', VersionStages: ['OTHER'] };
    expect((await client.send(new PutSecretValueCommand(first))).VersionStages).toEqual([
      'AWSCURRENT',
      'OTHER',
    ]);
  });

  test('does nothing for a known token with the same value, and refuses it with another value', async () => {
    const token = randomUUID();
    await put('second', { token });
    await put('third');
    expect(await put('second', { token })).toBe(token);
    expect(await readValue()).toBe('third');
    await expect(put('other', { token })).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  test('moves a label only from the version that is named as its holder', async () => {
    const { VersionId: first = '' } = await get();
    const next = await put('next', { labels: ['NEXT'] });
    await expect(move('AWSCURRENT', undefined, next)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: `The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${first}, so you must explicitly reference that version in RemoveFromVersionId.`,
    });
    await expect(move('AWSCURRENT', next, next)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await move('AWSCURRENT', first, next);
    expect(await labels()).toEqual({ [first]: ['AWSPREVIOUS'], [next]: ['AWSCURRENT', 'NEXT'] });
  });

  test('adds a free label without RemoveFromVersionId, and again without effect', async () => {
    const { VersionId: first = '' } = await get();
    await move('CHECKED', undefined, first);
    await move('CHECKED', undefined, first);
    expect(await labels()).toEqual({ [first]: ['AWSCURRENT', 'CHECKED'] });
  });

  test('removes a label, and no longer lists a version without labels', async () => {
    const next = await put('next', { labels: ['NEXT'] });
    await move('NEXT', next);
    expect(await labels()).not.toHaveProperty(next);
    expect(await readValue({ VersionId: next })).toBe('next');
    await expect(get({ VersionStage: 'NEXT' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['ResourceNotFoundException', () => client.send(new GetSecretValueCommand({ SecretId: 'absent' }))],
    ['ResourceNotFoundException', () => get({ VersionId: randomUUID() })],
    ['ResourceNotFoundException', () => move('NEXT', undefined, randomUUID())],
    [
      'InvalidRequestException',
      async () => get({ VersionId: await put('second'), VersionStage: 'AWSPREVIOUS' }),
    ],
    ['InvalidParameterException', () => move('NEXT')],
    // A secret always has an AWSCURRENT.
    ['InvalidParameterException', async () => move('AWSCURRENT', (await get()).VersionId)],
    ['InvalidParameterException', () => put('second', { token: 'short' })],
    ['ValidationException', () => put('')],
    ['ValidationException', () => put('second', { labels: [] })],
    ['ValidationException', () => client.send(new GetSecretValueCommand({ SecretId: undefined }))],
    ['UnknownOperationException', () => client.send(new CancelRotateSecretCommand({ SecretId }))],
    ['InvalidRequestException', () => client.send(new RotateSecretCommand({ SecretId }))],
  ])('answers %s with status 400 (case %#)', async (name, call) => {
    await expect(call()).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
  });
});

test.each([
  ['secretsmanager.GetSecretValue', 'not JSON', 'SerializationException'],
  ['secretsmanager.GetSecretValue', '[]', 'SerializationException'],
  ['secretsmanager.toString', '{}', 'UnknownOperationException'],
  ['kms.Decrypt', '{}', 'UnknownOperationException'],
])(
  'answers a raw call of %s with the body %s with its error in header and body',
  async (target, body, name) => {
    const answer = await fetch(standIn.url, { method: 'POST', headers: { 'x-amz-target': target }, body });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(answer.headers.get('x-amzn-errortype')).toBe(name);
    expect(await answer.json()).toMatchObject({ __type: name });
  },
);

describe('rotation', () => {
  const rotate = (input: { ClientRequestToken?: string; RotateImmediately?: boolean } = {}) =>
    client.send(new RotateSecretCommand({ SecretId, ...input }));

  test('rotates by calling the function for each step, with its own empty pending version', async () => {
    const calls: unknown[] = [];
    standIn.setRotation(SecretId, async ({ Step, SecretId: arn, ClientRequestToken }) => {
      const empty = await get({ VersionId: ClientRequestToken }).catch(({ name }) => name);
      calls.push([Step, arn, ClientRequestToken, await labels(), empty]);
    });
    const { VersionId: first = '' } = await get();
    const { VersionId: token = '' } = await rotate();
    await standIn.rotationEnded();
    const seen = { [first]: ['AWSCURRENT'], [token]: ['AWSPENDING'] };
    expect(calls).toEqual(
      ['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((step) => [
        step,
        standIn.arnOf(SecretId),
        token,
        seen,
        'ResourceNotFoundException',
      ]),
    );
    expect(await client.send(new DescribeSecretCommand({ SecretId }))).toMatchObject({
      RotationEnabled: true,
    });
  });

  test('refuses a rotation while a retry is due, and starts that retry', async () => {
    const steps: string[] = [];
    standIn.setRotation(SecretId, async ({ Step, ClientRequestToken }) => {
      steps.push(Step);
      await move('AWSPENDING', ClientRequestToken);
      throw new Error('not now');
    });
    await rotate();
    await standIn.rotationEnded();
    await expect(rotate()).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await standIn.rotationEnded();
    expect(steps).toEqual(['createSecret', 'createSecret']);
  });

  test('tests the function with a temporary copy of the current value if it must not rotate at once', async () => {
    const calls: unknown[] = [];
    standIn.setRotation(SecretId, async ({ Step }) => {
      calls.push([Step, await readValue({ VersionStage: 'AWSPENDING' })]);
    });
    await rotate({ RotateImmediately: false });
    await standIn.rotationEnded();
    expect(calls).toEqual([['testSecret', 'first']]);
    expect(Object.values(await labels())).toEqual([['AWSCURRENT']]);
  });
});
