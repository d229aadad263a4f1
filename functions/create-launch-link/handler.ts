import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createLaunchKeys, prepareLaunchKeys } from '../shared/launch-keys.ts';
import { secretsManagerDefaults } from '../shared/secrets-manager.ts';
import { createLaunchLinkHandler } from './create-launch-link-handler.ts';
import { readLaunchLinkSettings } from './settings.ts';

const settings = readLaunchLinkSettings(process.env);
const client = new SecretsManagerClient(secretsManagerDefaults);
const launchKeys = createLaunchKeys({ client, secretArn: settings.launchKeySecretArn });
await prepareLaunchKeys(launchKeys);

/** The entry that Lambda calls for `POST /launch-links`. */
export const handler = createLaunchLinkHandler({ settings, launchKeys });
