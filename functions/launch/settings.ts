import { type Environment, environmentNames, requiredVariable } from '../environment.ts';
import { readSettings, type Settings } from '../session/settings.ts';

/** The stage's settings for the function that answers launch links. */
export type LaunchSettings = Settings & {
  launchKeySecretArn: string;
};

/** Reads the settings from environment variables. @throws Error that names a missing or wrong variable. */
export function readLaunchSettings(environment: Environment): LaunchSettings {
  return {
    ...readSettings(environment),
    launchKeySecretArn: requiredVariable(environment, environmentNames.launchKeySecretArn),
  };
}
