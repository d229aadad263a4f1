import { type Environment, environmentNames, requiredVariable } from '../environment.ts';
import { readSettings, type Settings } from '../session/settings.ts';
import type { ApplicantPage } from './page.ts';

/** What the stack tells the function behind launch links about its stage. */
export type LaunchSettings = Settings & {
  launchKeySecretArn: string;
  applicantPage: ApplicantPage;
};

/** Reads the settings from environment variables. @throws Error that names the one which is missing or wrong. */
export function readLaunchSettings(environment: Environment): LaunchSettings {
  return {
    ...readSettings(environment),
    launchKeySecretArn: requiredVariable(environment, environmentNames.launchKeySecretArn),
    // Written by the stack, which has checked every field.
    applicantPage: JSON.parse(requiredVariable(environment, environmentNames.applicantPage)) as ApplicantPage,
  };
}
