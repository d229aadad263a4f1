import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { environmentNames } from '../shared/environment.ts';
import { requiredVariable } from '../shared/required-variable.ts';
import { secretsManagerDefaults } from '../shared/secrets-manager.ts';
import { rotateLaunchKey } from './rotate-launch-key.ts';

const client = new SecretsManagerClient(secretsManagerDefaults);
const secretArn = requiredVariable(process.env, environmentNames.launchKeySecretArn);

/** The entry that Secrets Manager calls for each step of a rotation. */
export const handler = (event: SecretsManagerRotationEvent) => rotateLaunchKey(event, { client, secretArn });
