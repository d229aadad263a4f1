import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { environmentNames, requiredVariable } from '../environment.ts';
import { secretsManagerDefaults } from '../secrets/client-defaults.ts';
import { secretVersions } from '../secrets/secret-versions.ts';
import { rotateLaunchKey } from './rotate-launch-key.ts';

const secretArn = requiredVariable(process.env, environmentNames.launchKeySecretArn);
const versions = secretVersions(new SecretsManagerClient(secretsManagerDefaults), secretArn);

/** The entry that Secrets Manager calls for each step of a rotation. */
export const handler = rotateLaunchKey({
  stage: requiredVariable(process.env, environmentNames.stage),
  versions,
});
