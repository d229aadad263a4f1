import { type Origins, readOrigins } from '../begini/origins.ts';
import { environmentNames } from './environment.ts';
import { type Environment, requiredVariable } from './required-variable.ts';

/** What the stack tells a function about its stage. */
export type Settings = {
  stage: string;
  credentialsSecretArn: string;
  hmac: boolean;
  uidRefKey: string;
  origins: Origins;
};

/** Reads the settings from environment variables. @throws Error that names the variable which is missing or wrong. */
export function readSettings(environment: Environment): Settings {
  const required = (name: string) => requiredVariable(environment, name);
  const hmac = required(environmentNames.hmac);
  if (hmac !== 'on' && hmac !== 'off') {
    throw new Error(`The environment variable ${environmentNames.hmac} must be "on" or "off".`);
  }
  return {
    stage: required(environmentNames.stage),
    credentialsSecretArn: required(environmentNames.credentialsSecretArn),
    hmac: hmac === 'on',
    uidRefKey: required(environmentNames.uidRefKey),
    origins: readOrigins(environment[environmentNames.localOrigins]),
  };
}
