import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createLaunchKeys, warmUpLaunchKeys } from '../launch-links/launch-keys.ts';
import { secretsManagerDefaults } from '../secrets/client-defaults.ts';
import { createLaunchLinkHandler } from './create-launch-link-handler.ts';
import { readLaunchLinkSettings } from './settings.ts';

const settings = readLaunchLinkSettings(process.env);
const client = new SecretsManagerClient(secretsManagerDefaults);
const launchKeys = createLaunchKeys({ client, secretArn: settings.launchKeySecretArn });
await warmUpLaunchKeys(launchKeys);

/** The entry that Lambda calls for `POST /launch-links`. */
export const handler = createLaunchLinkHandler({ settings, launchKeys });
