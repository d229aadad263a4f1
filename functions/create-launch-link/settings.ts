import { type Environment, environmentNames, requiredVariable } from '../environment.ts';

/** What the stack tells the function that makes launch links about its stage. */
export type LaunchLinkSettings = {
  stage: string;
  launchKeySecretArn: string;
  uidRefKey: string;
  /** Where links lead, `https://links.lender.example`; where absent, to the host and stage that were called. */
  launchBaseUrl: string | undefined;
};

/** Reads the settings from environment variables. @throws Error that names the variable which is missing. */
export function readLaunchLinkSettings(environment: Environment): LaunchLinkSettings {
  return {
    stage: requiredVariable(environment, environmentNames.stage),
    launchKeySecretArn: requiredVariable(environment, environmentNames.launchKeySecretArn),
    uidRefKey: requiredVariable(environment, environmentNames.uidRefKey),
    launchBaseUrl: environment[environmentNames.launchBaseUrl],
  };
}
