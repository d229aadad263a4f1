import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createVendorClient } from '../../functions/begini/client.ts';
import { createSessionHandler } from '../../functions/create-session/create-session-handler.ts';
import { createCredentialsCache } from '../../functions/shared/credentials.ts';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../../lib/local/begini-simulator.ts';
import { startGateway } from '../../lib/local/gateway.ts';
import { type SecretsManager, startSecretsManager } from '../../lib/local/secrets-manager.ts';
import { type Certificate, makeCertificate } from './certificate.ts';

/** The assessment's origin as the vendor has it: answers must lead there, and nothing else in a test does. */
export const assessmentOrigin = 'https://app.psychometric.me';

export const secretName = 'credentials';
export const uidRefKey = 'key-of-the-pseudonyms';

/** The service in this process, between a gateway, a vendor with TLS and a Secrets Manager. */
export type Service = {
  url: string;
  vendor: BeginiSimulator;
  secretsManager: SecretsManager;
  /** Every log line so far, as text. */
  lines: string[];
  /** Moves the service's clock on, for what it keeps in memory. */
  advance(ms: number): void;
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
};

let certificate: Promise<Certificate> | undefined;

/** Starts the service. `secret` is what the secret holds: by default the pair that the vendor knows. */
export async function startService({
  secret = JSON.stringify(simulatedCredentials),
  hmac = true,
  timeoutMs = 14_000,
} = {}): Promise<Service> {
  certificate ??= makeCertificate();
  const { cert } = await certificate;
  const vendor = await startBeginiSimulator({
    tls: await certificate,
    hmac: hmac ? 'required' : 'optional',
  });
  const secretsManager = await startSecretsManager({ secrets: { [secretName]: secret } });
  let clockOffsetMs = 0;
  const client = new SecretsManagerClient({
    endpoint: secretsManager.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
    maxAttempts: 1,
  });
  const vendorClient = createVendorClient({ origin: vendor.origin, ca: cert });
  const lines: string[] = [];
  const handler = createSessionHandler({
    settings: {
      stage: 'test',
      credentialsSecretArn: secretsManager.arnOf(secretName),
      hmac,
      uidRefKey,
      origins: { api: vendor.origin, assessment: assessmentOrigin },
    },
    credentials: createCredentialsCache({
      client,
      secretArn: secretsManager.arnOf(secretName),
      now: () => Date.now() + clockOffsetMs,
    }),
    vendor: vendorClient,
    hmac,
    writeLine: (line) => lines.push(line),
  });
  const gateway = await startGateway({
    stageName: 'test',
    timeoutMs,
    routes: [{ method: 'POST', resource: '/sessions', handler, apiKeyRequired: false }],
  });
  const url = `${gateway.url}/sessions`;

  return {
    url,
    vendor,
    secretsManager,
    lines,
    advance: (ms) => {
      clockOffsetMs += ms;
    },
    post: (body, headers = {}) =>
      fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async close() {
      vendorClient.close();
      client.destroy();
      await Promise.all([gateway.close(), vendor.close(), secretsManager.close()]);
    },
  };
}
