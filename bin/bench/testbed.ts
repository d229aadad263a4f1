import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../stand-ins/begini/begini-simulator.ts';
import { makeCertificate } from '../stand-ins/certificate.ts';
import { proxyEvent } from '../stand-ins/gateway/proxy-event.ts';
import {
  type LambdaEnvironment,
  type LambdaEnvironmentOptions,
  startLambdaEnvironment,
} from '../stand-ins/lambda/lambda-environment.ts';
import { readBody, startLoopbackServer } from '../stand-ins/loopback.ts';
import { type SecretsManager, startSecretsManager } from '../stand-ins/secrets-manager/secrets-manager.ts';
import type { Bootstrap } from './install.ts';

/** A vendor, a Secrets Manager and a DynamoDB, all with TLS on 127.0.0.1, and functions between them. */
export type Testbed = {
  vendor: BeginiSimulator;
  secretsManager: SecretsManager;
  /** How many calls the table of sessions has received so far. */
  readonly tableCalls: number;
  start(bundleFolder: string, options?: { remembers?: boolean | undefined }): Promise<LambdaEnvironment>;
  close(): Promise<unknown>;
};

let events = 0;

/** A loan app's request, for another applicant each time: none of them has a session. */
export function sessionEvent() {
  events += 1;
  return proxyEvent({ uid: `BENCH-${events}` });
}

/** Starts the servers; `bootstrap` runs every function. */
export async function startTestbed({ file }: Bootstrap): Promise<Testbed> {
  const certificate = await makeCertificate();
  const authorityFile = join(mkdtempSync(join(tmpdir(), 'begini-session-authority-')), 'authority.pem');
  writeFileSync(authorityFile, certificate.cert);
  const vendor = await startBeginiSimulator({ tls: certificate });
  const secret = JSON.stringify(simulatedCredentials);
  const secretsManager = await startSecretsManager({ tls: certificate, secrets: { credentials: secret } });
  // Accepts every write at once, as the simulator does: dynalite takes longer to parse a condition than
  // everything else together.
  let tableCalls = 0;
  const dynamoDb = await startLoopbackServer({
    tls: certificate,
    listener: async (request, response) => {
      tableCalls += 1;
      await readBody(request, 1_000_000);
      response
        .writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0', 'Content-Length': 2 })
        .end('{}');
    },
  });
  const options = (remembers = false): Omit<LambdaEnvironmentOptions, 'bundleFolder'> => ({
    ...(file && { bootstrap: file }),
    environment: {
      STAGE: 'test',
      CREDENTIALS_SECRET_ARN: secretsManager.arnOf('credentials'),
      HMAC: 'on',
      UID_REF_KEY: 'key-of-the-pseudonyms',
      BEGINI_LOCAL_ORIGINS: `${vendor.origin},${vendor.origin}`,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
      AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.origin,
      NODE_EXTRA_CA_CERTS: authorityFile,
      BENCH_CREDENTIALS: secret,
      ...(remembers && { SESSION_TABLE: 'sessions', SESSION_HOURS: '24' }),
    },
  });
  return {
    vendor,
    secretsManager,
    get tableCalls() {
      return tableCalls;
    },
    start: (bundleFolder, { remembers } = {}) =>
      startLambdaEnvironment({ bundleFolder, ...options(remembers) }),
    close: () => Promise.all([vendor.close(), secretsManager.close(), dynamoDb.close()]),
  };
}
