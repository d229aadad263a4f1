import { type Environment, environmentNames, requiredVariable } from '../environment.ts';

/** The stage's settings for the function that receives results. */
export type ReceiveResultSettings = {
  stage: string;
  credentialsSecretArn: string;
  uidRefKey: string;
  resultsQueueUrl: string;
  setAsideQueueUrl: string;
  /** Whole days for which the previous API key still verifies results. */
  previousKeyDays: number;
};

/** Reads the settings from environment variables. @throws Error that names the missing variable. */
export function readReceiveResultSettings(environment: Environment): ReceiveResultSettings {
  const required = (name: keyof typeof environmentNames) =>
    requiredVariable(environment, environmentNames[name]);
  return {
    stage: required('stage'),
    credentialsSecretArn: required('credentialsSecretArn'),
    uidRefKey: required('uidRefKey'),
    resultsQueueUrl: required('resultsQueueUrl'),
    setAsideQueueUrl: required('setAsideQueueUrl'),
    previousKeyDays: Number(required('previousKeyDays')),
  };
}
