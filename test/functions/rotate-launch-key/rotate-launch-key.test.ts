import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientConfig } from '../../../bin/stand-ins/client-config.ts';
import {
  type SecretsManager,
  startSecretsManager,
} from '../../../bin/stand-ins/secrets-manager/secrets-manager.ts';
import { rotateLaunchKey } from '../../../functions/rotate-launch-key/rotate-launch-key.ts';
import { secretVersions } from '../../../functions/secrets/secret-versions.ts';
import { version } from '../../../functions/version.ts';
import { labelBehaviours } from '../../support/rotation.ts';

describe.each(labelBehaviours)('when $name,', ({ pendingStays, finalLabels }) => {
  const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
  const firstKey = 'a1'.repeat(32);
  let secretsManager: SecretsManager;
  let client: SecretsManagerClient;
  let secretArn: string;
  let lines: string[];

  beforeEach(async () => {
    lines = [];
    secretsManager = await startSecretsManager({ secrets: { key: firstKey }, pendingStays });
    secretArn = secretsManager.arnOf('key');
    client = new SecretsManagerClient(clientConfig(secretsManager.url));
  });
  afterEach(async () => {
    client.destroy();
    await secretsManager.close();
  });

  const run = (Step: string, ClientRequestToken: string) =>
    rotateLaunchKey({
      stage: 'test',
      versions: secretVersions(client, secretArn),
      writeLine: (line) => lines.push(line),
    })(
      { SecretId: secretArn, ClientRequestToken, Step: Step as 'createSecret' },
      { awsRequestId: 'lambda-request-id' },
    );
  const secretWith = async (VersionStage: string) =>
    (await client.send(new GetSecretValueCommand({ SecretId: secretArn, VersionStage }))).SecretString;
  const labels = async () =>
    (await client.send(new DescribeSecretCommand({ SecretId: secretArn }))).VersionIdsToStages ?? {};

  test('replaces the key with a new one, and keeps the old one as the previous key', async () => {
    const token = randomUUID();
    for (const step of steps) await run(step, token);
    expect(await secretWith('AWSCURRENT')).toMatch(/^[0-9a-f]{64}$/);
    expect(await secretWith('AWSCURRENT')).not.toBe(firstKey);
    expect(await secretWith('AWSPREVIOUS')).toBe(firstKey);
    expect((await labels())[token]).toEqual(finalLabels);
  });

  test('changes nothing before its last step', async () => {
    const token = randomUUID();
    for (const step of steps.slice(0, 3)) await run(step, token);
    expect(await secretWith('AWSCURRENT')).toBe(firstKey);
    expect((await labels())[token]).toEqual(['AWSPENDING']);
  });

  test('does not restore an earlier key by a late step', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    for (const token of [first, second]) for (const step of steps) await run(step, token);
    await expect(run('finishSecret', first)).rejects.toMatchObject({ code: 'not_pending' });
    expect((await labels())[second]).toContain('AWSCURRENT');
  });

  test('may be repeated at each step', async () => {
    const token = randomUUID();
    await run('createSecret', token);
    const pending = await secretWith('AWSPENDING');
    for (const step of steps) {
      await run(step, token);
      await run(step, token);
    }
    expect(await secretWith('AWSCURRENT')).toBe(pending);
    expect(await secretWith('AWSPREVIOUS')).toBe(firstKey);
  });

  test('forgets a key with the second renewal', async () => {
    for (const token of [randomUUID(), randomUUID()]) for (const step of steps) await run(step, token);
    expect(await secretWith('AWSPREVIOUS')).not.toBe(firstKey);
  });

  test('is started twice in a row by RotateSecret', async () => {
    secretsManager.setRotation('key', (event) => run(event.Step, event.ClientRequestToken));
    for (const ClientRequestToken of [randomUUID(), randomUUID()]) {
      await client.send(new RotateSecretCommand({ SecretId: secretArn, ClientRequestToken }));
      await secretsManager.rotationEnded();
      expect((await labels())[ClientRequestToken]).toEqual(finalLabels);
    }
  });

  test('writes one line per step, without the key', async () => {
    const token = randomUUID();
    for (const step of steps) await run(step, token);
    secretsManager.fail({ statusCode: 400, errorName: 'AccessDeniedException' });
    await expect(run('createSecret', randomUUID())).rejects.toMatchObject({ code: 'secrets_unavailable' });
    secretsManager.fail('none');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      ...steps.map((step) => ({ message: 'rotation', stage: 'test', version, step, outcome: 'step_done' })),
      { outcome: 'step_failed', code: 'secrets_unavailable', reason: 'AccessDeniedException' },
    ]);
    for (const key of [firstKey, await secretWith('AWSCURRENT')]) expect(lines.join('')).not.toContain(key);
  });
});
