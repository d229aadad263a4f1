import { randomUUID } from 'node:crypto';
import { RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { simulatedCredentials } from '../../../bin/stand-ins/begini/begini-simulator.ts';
import { clientConfig } from '../../../bin/stand-ins/client-config.ts';
import { stagedVersionId } from '../../../functions/credentials/version-labels.ts';
import { secretVersions } from '../../../functions/secrets/secret-versions.ts';
import { certificateOnce, type Lambda, startLambda } from '../../support/lambda.ts';

const renewed = { ...simulatedCredentials, apiKey: 'RENEWED-API-KEY' };
let lambda: Lambda;
let client: SecretsManagerClient;

beforeEach(async () => {
  lambda = await startLambda('rotate-credentials', { timeoutMs: 45_000 });
  const { secretsManager, environment } = lambda;
  client = new SecretsManagerClient({
    ...clientConfig(secretsManager.url),
    requestHandler: { httpsAgent: { ca: (await certificateOnce()).cert } },
  });
  secretsManager.setRotation('credentials', (event) => environment.invoke(event));
});
afterEach(async () => {
  client.destroy();
  await lambda.stop();
});

async function rotate() {
  const versions = secretVersions(client, lambda.secretsManager.arnOf('credentials'));
  const token = randomUUID();
  await versions.put(stagedVersionId(token), JSON.stringify(renewed), ['BEGINI_NEXT']);
  const SecretId = versions.secretId;
  await client.send(new RotateSecretCommand({ SecretId, ClientRequestToken: token }));
  await lambda.secretsManager.rotationEnded();
  return { token, versionIds: await versions.versionIdsByLabel() };
}

test('rotates under the runtime of Lambda', async () => {
  lambda.vendor.changeCredentials(renewed);
  const { token, versionIds } = await rotate();
  expect(versionIds.get('AWSCURRENT')).toBe(token);
  expect(lambda.vendor.requests.map(({ accepted }) => accepted)).toEqual([true]);
});

test('makes the runtime print only fixed sentences if a step fails', async () => {
  const { token, versionIds } = await rotate();
  expect(versionIds.get('BEGINI_REFUSED_401')).toBe(token);
  await lambda.secretsManager.repeatRotation();
  lambda.secretsManager.fail({ statusCode: 400, errorName: 'AccessDeniedException', times: 1, after: 2 });
  await rotate();
  const { stdout, stderr } = await lambda.stop();
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { code?: string }).code)).toEqual([
    undefined,
    undefined,
    'refused_401',
    undefined,
    undefined,
    'refused_401',
    'secrets_unavailable',
  ]);
  expect(stderr).toContain('Begini answered 401: a wrong key');
  expect(stderr).toContain('Secrets Manager failed; its error is in the log line.');
  for (const mark of [renewed.apiKey, renewed.integrationId, 'ROTCHK', 'A simulated failure']) {
    expect(stdout + stderr).not.toContain(mark);
  }
});
