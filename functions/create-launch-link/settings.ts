import { type Environment, environmentNames, requiredVariable } from '../environment.ts';

/** The stage's settings for the function that makes launch links. */
export type LaunchLinkSettings = {
  stage: string;
  launchKeySecretArn: string;
  uidRefKey: string;
  /** Base URL of the links, `https://links.lender.example`; if absent, the host and stage that were called. */
  launchBaseUrl: string | undefined;
};

/** Reads the settings from environment variables. @throws Error that names the missing variable. */
export function readLaunchLinkSettings(environment: Environment): LaunchLinkSettings {
  return {
    stage: requiredVariable(environment, environmentNames.stage),
    launchKeySecretArn: requiredVariable(environment, environmentNames.launchKeySecretArn),
    uidRefKey: requiredVariable(environment, environmentNames.uidRefKey),
    launchBaseUrl: environment[environmentNames.launchBaseUrl],
  };
}
