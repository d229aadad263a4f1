import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createReceiveResultHandler } from './receive-result-handler.ts';
import { ResultKeys, resultSecretDefaults } from './result-keys.ts';
import { ResultQueues } from './result-queues.ts';
import { readReceiveResultSettings } from './settings.ts';

const settings = readReceiveResultSettings(process.env);
const client = new SecretsManagerClient(resultSecretDefaults);
const keys = new ResultKeys({ client, settings });
const queues = ResultQueues.of(settings);
await Promise.all([queues.warmUp(), keys.warmUp()]);

/** The entry that Lambda calls for `POST /webhooks/begini`. */
export const handler = createReceiveResultHandler({ settings, keys, queues });
