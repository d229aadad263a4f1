import { type Origins, readOrigins } from '../begini/origins.ts';
import { type Environment, environmentNames, requiredVariable } from '../environment.ts';

/** What a function needs to call the vendor for its stage. */
export type VendorSettings = {
  stage: string;
  credentialsSecretArn: string;
  hmac: boolean;
  origins: Origins;
};

/** The stage's settings for a function that serves applicants. */
export type Settings = VendorSettings & {
  uidRefKey: string;
  /** The table that remembers sessions, and for how long if a token has no expiry; if absent, none are remembered. */
  resume?: { tableName: string; sessionHours: number } | undefined;
};

/** Reads the settings from environment variables. @throws Error that names a missing or wrong variable. */
export function readSettings(environment: Environment): Settings {
  return {
    ...readVendorSettings(environment),
    uidRefKey: requiredVariable(environment, environmentNames.uidRefKey),
    resume: readResume(environment),
  };
}

/** The settings of a function that receives no uid. @throws Error as `readSettings` does. */
export function readVendorSettings(environment: Environment): VendorSettings {
  const required = (name: string) => requiredVariable(environment, name);
  const hmac = required(environmentNames.hmac);
  if (hmac !== 'on' && hmac !== 'off') {
    throw new Error(`The environment variable ${environmentNames.hmac} must be "on" or "off".`);
  }
  return {
    stage: required(environmentNames.stage),
    credentialsSecretArn: required(environmentNames.credentialsSecretArn),
    hmac: hmac === 'on',
    origins: readOrigins(environment[environmentNames.localOrigins]),
  };
}

function readResume(environment: Environment): Settings['resume'] {
  const tableName = environment[environmentNames.sessionTable];
  if (!tableName) return undefined;
  return { tableName, sessionHours: Number(requiredVariable(environment, environmentNames.sessionHours)) };
}
