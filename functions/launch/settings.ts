import { type Environment, environmentNames, requiredVariable } from '../environment.ts';
import { readSettings, type Settings } from '../session/settings.ts';

/** What the stack tells the function behind launch links about its stage. */
export type LaunchSettings = Settings & {
  launchKeySecretArn: string;
};

/** Reads the settings from environment variables. @throws Error that names the one which is missing or wrong. */
export function readLaunchSettings(environment: Environment): LaunchSettings {
  return {
    ...readSettings(environment),
    launchKeySecretArn: requiredVariable(environment, environmentNames.launchKeySecretArn),
  };
}
