import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../../lib/local/begini-simulator.ts';
import { makeCertificate } from '../../lib/local/certificate.ts';
import {
  type LambdaEnvironment,
  type LambdaEnvironmentOptions,
  startLambdaEnvironment,
} from '../../lib/local/lambda-environment.ts';
import { proxyEvent } from '../../lib/local/proxy-event.ts';
import { type SecretsManager, startSecretsManager } from '../../lib/local/secrets-manager.ts';
import { type Bootstrap, benchFolder } from './install.ts';

/** A vendor and a Secrets Manager, both with TLS on 127.0.0.1, and functions between them. */
export type Testbed = {
  vendor: BeginiSimulator;
  secretsManager: SecretsManager;
  start(bundleFolder: string): Promise<LambdaEnvironment>;
  close(): Promise<unknown>;
};

/** A loan app's request. */
export const sessionEvent = () => proxyEvent({ uid: 'ABCDE-12345' });

/** Starts the servers; every function in them runs by `bootstrap`. */
export async function startTestbed({ file }: Bootstrap): Promise<Testbed> {
  const certificate = await makeCertificate();
  const authorityFile = join(benchFolder, 'authority.pem');
  mkdirSync(benchFolder, { recursive: true });
  writeFileSync(authorityFile, certificate.cert);
  const vendor = await startBeginiSimulator({ tls: certificate });
  const secret = JSON.stringify(simulatedCredentials);
  const secretsManager = await startSecretsManager({ tls: certificate, secrets: { credentials: secret } });
  const options: Omit<LambdaEnvironmentOptions, 'bundleFolder'> = {
    ...(file && { bootstrap: file }),
    environment: {
      STAGE: 'test',
      CREDENTIALS_SECRET_ARN: secretsManager.arnOf('credentials'),
      HMAC: 'on',
      UID_REF_KEY: 'key-of-the-pseudonyms',
      BEGINI_LOCAL_ORIGINS: `${vendor.origin},${vendor.origin}`,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
      NODE_EXTRA_CA_CERTS: authorityFile,
      BENCH_CREDENTIALS: secret,
    },
  };
  return {
    vendor,
    secretsManager,
    start: (bundleFolder) => startLambdaEnvironment({ bundleFolder, ...options }),
    close: () => Promise.all([vendor.close(), secretsManager.close()]),
  };
}
