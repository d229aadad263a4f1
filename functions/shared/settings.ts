import { type Origins, readOrigins } from '../begini/origins.ts';
import { environmentNames } from './environment.ts';

/** What a function needs to call the vendor for its stage. */
export type VendorSettings = {
  stage: string;
  credentialsSecretArn: string;
  hmac: boolean;
  origins: Origins;
};

/** What the stack tells a function that serves applicants. */
export type Settings = VendorSettings & { uidRefKey: string };

type Environment = Record<string, string | undefined>;

/** Reads the settings from environment variables. @throws Error that names the variable which is missing or wrong. */
export function readSettings(environment: Environment): Settings {
  return { ...readVendorSettings(environment), uidRefKey: required(environment, environmentNames.uidRefKey) };
}

/** The settings of a function that no applicant's uid reaches. @throws Error as `readSettings` does. */
export function readVendorSettings(environment: Environment): VendorSettings {
  const hmac = required(environment, environmentNames.hmac);
  if (hmac !== 'on' && hmac !== 'off') {
    throw new Error(`The environment variable ${environmentNames.hmac} must be "on" or "off".`);
  }
  return {
    stage: required(environment, environmentNames.stage),
    credentialsSecretArn: required(environment, environmentNames.credentialsSecretArn),
    hmac: hmac === 'on',
    origins: readOrigins(environment[environmentNames.localOrigins]),
  };
}

function required(environment: Environment, name: string): string {
  const value = environment[name];
  if (!value) throw new Error(`The environment variable ${name} is missing.`);
  return value;
}
