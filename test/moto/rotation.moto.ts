import { randomUUID } from 'node:crypto';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../../bin/stand-ins/begini/begini-simulator.ts';
import { clientConfig } from '../../bin/stand-ins/client-config.ts';
import { localSecretName } from '../../bin/stand-ins/local-stage.ts';
import { createVendorClient, type VendorClient } from '../../functions/begini/client.ts';
import { stagedVersionId } from '../../functions/credentials/version-labels.ts';
import { rotationHandler } from '../../functions/rotate-credentials/rotation-handler.ts';
import type { RotationHandler } from '../../functions/secrets/rotation-runner.ts';
import { type SecretVersions, secretVersions } from '../../functions/secrets/secret-versions.ts';
import { runRotateCommand } from '../support/start-command.ts';
import {
  type Moto,
  type RotatingMoto,
  startMoto,
  startPendingVersion,
  startRotatingMoto,
} from './moto-secrets-manager.ts';

const { integrationId } = simulatedCredentials;
let moto: Moto;
let vendor: BeginiSimulator;
let vendorClient: VendorClient;
let client: SecretsManagerClient;
let versions: SecretVersions;
let handler: RotationHandler;
let rotating: RotatingMoto;

beforeAll(async () => {
  moto = await startMoto();
  vendor = await startBeginiSimulator();
  vendorClient = createVendorClient({ origin: vendor.origin });
  client = new SecretsManagerClient(clientConfig(moto.url));
  const SecretString = '{"apiKey":"UNSET","integrationId":"UNSET"}';
  const { ARN = '' } = await client.send(new CreateSecretCommand({ Name: localSecretName, SecretString }));
  versions = secretVersions(client, ARN);
  handler = rotationHandler({
    stage: 'test',
    versions,
    vendor: vendorClient,
    hmac: true,
    writeLine: () => undefined,
  });
  rotating = await startRotatingMoto(moto, (event) => handler(event, { awsRequestId: '1' }));
});
afterAll(async () => {
  client.destroy();
  vendorClient.close();
  await Promise.all([moto.stop(), vendor.close(), rotating.close()]);
});

const command = (pair: object) =>
  runRotateCommand(['--stage', 'test', '--local'], {
    input: JSON.stringify(pair),
    // The command finds Secrets Manager two ports after the gateway's.
    environment: { PORT: String(rotating.port - 2) },
  });
const currentKey = async () => JSON.parse((await versions.valueOf('AWSCURRENT')) ?? '{}').apiKey;

test('the four steps put a staged pair in use', async () => {
  const token = randomUUID();
  await versions.put(stagedVersionId(token), JSON.stringify(simulatedCredentials), ['BEGINI_NEXT']);
  await startPendingVersion(moto, { SecretId: versions.secretId, ClientRequestToken: token });
  for (const Step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) {
    await handler({ Step, SecretId: versions.secretId, ClientRequestToken: token }, { awsRequestId: '1' });
  }
  const versionIds = await versions.versionIdsByLabel();
  expect(versionIds.get('AWSCURRENT')).toBe(token);
  // Moto leaves AWSPENDING on the new current version, as AWS does by some reports.
  expect([undefined, token]).toContain(versionIds.get('AWSPENDING'));
  expect(versionIds.get('BEGINI_NEXT')).toBeUndefined();
  expect(await currentKey()).toBe(simulatedCredentials.apiKey);
});

test('the operator’s command says why a pair is not accepted, and puts a good one in use', async () => {
  const renewed = { apiKey: 'renewed-key', integrationId };
  expect(await command(renewed)).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('401') });
  await rotating.rotationEnded();
  expect(await currentKey()).toBe(simulatedCredentials.apiKey);

  vendor.changeCredentials(renewed);
  expect(await command(renewed)).toMatchObject({ exitCode: 0, stderr: '' });
  await rotating.rotationEnded();
  expect(await currentKey()).toBe('renewed-key');
  const { AWSPENDING: _stays, ...labels } = Object.fromEntries(await versions.versionIdsByLabel());
  expect(Object.keys(labels).sort()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
});
