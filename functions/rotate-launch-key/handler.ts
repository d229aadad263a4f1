import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { environmentNames } from '../shared/environment.ts';
import { requiredVariable } from '../shared/required-variable.ts';
import { secretVersions } from '../shared/secret-versions.ts';
import { secretsManagerDefaults } from '../shared/secrets-manager.ts';
import { rotateLaunchKey } from './rotate-launch-key.ts';

const secretArn = requiredVariable(process.env, environmentNames.launchKeySecretArn);
const versions = secretVersions(new SecretsManagerClient(secretsManagerDefaults), secretArn);

/** The entry that Secrets Manager calls for each step of a rotation. */
export const handler = (event: SecretsManagerRotationEvent) => rotateLaunchKey(event, versions);
