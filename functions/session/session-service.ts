import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createVendorClient } from '../begini/client.ts';
import { createCredentialsCache } from '../credentials/credentials-cache.ts';
import { warmUpTimeoutMs } from '../deadlines.ts';
import { secretsManagerDefaults } from '../secrets/client-defaults.ts';
import type { SessionService } from './create-session.ts';
import type { Settings } from './settings.ts';

/** What sessions are created with, on the real clients. */
export function createSessionService(
  { credentialsSecretArn, hmac, origins }: Settings,
  client = new SecretsManagerClient(secretsManagerDefaults),
): SessionService {
  return {
    credentials: createCredentialsCache({ client, secretArn: credentialsSecretArn }),
    vendor: createVendorClient({ origin: origins.api }),
    hmac,
  };
}

/**
 * Reads the secret and opens the connection to the vendor while the function starts: that time has more CPU and
 * nobody waits for it yet. Each ends in 2 s. A failure here is none: the first request tries again.
 */
export async function prepare({ credentials, vendor }: SessionService): Promise<void> {
  const reading = credentials.get(Date.now() + warmUpTimeoutMs, { secretReads: 0 });
  await Promise.allSettled([reading, vendor.prepare()]);
}
