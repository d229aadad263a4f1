import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createVendorClient } from '../begini/client.ts';
import { secretsManagerDefaults } from '../secrets/client-defaults.ts';
import { secretVersions } from '../secrets/secret-versions.ts';
import { readVendorSettings } from '../session/settings.ts';
import { rotationHandler } from './rotation-handler.ts';

const { stage, credentialsSecretArn, hmac, origins } = readVendorSettings(process.env);

/** The entry that Secrets Manager calls for each step of a rotation. */
export const handler = rotationHandler({
  stage,
  versions: secretVersions(new SecretsManagerClient(secretsManagerDefaults), credentialsSecretArn),
  vendor: createVendorClient({ origin: origins.api }),
  hmac,
});
