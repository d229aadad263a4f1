import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createLaunchKeys, prepareLaunchKeys } from '../shared/launch-keys.ts';
import { secretsManagerDefaults } from '../shared/secrets-manager.ts';
import { createSessionService, prepare } from '../shared/session-service.ts';
import { createLaunchHandler } from './launch-handler.ts';
import { readLaunchSettings } from './settings.ts';

const settings = readLaunchSettings(process.env);
const client = new SecretsManagerClient(secretsManagerDefaults);
const launchKeys = createLaunchKeys({ client, secretArn: settings.launchKeySecretArn });
const service = createSessionService(settings, client);
await Promise.all([prepareLaunchKeys(launchKeys), prepare(service)]);

/** The entry that Lambda calls for `GET`, `HEAD` and `POST /launch/{token}`. */
export const handler = createLaunchHandler({ settings, launchKeys, ...service });
