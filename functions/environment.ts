/**
 * The names of the environment variables that a function reads: the only module that the stack (which sets them) and
 * the functions (which read them) share.
 */
export const environmentNames = {
  /** The stage's name, as in its URL path and its log lines: `test`. */
  stage: 'STAGE',
  /** ARN of the secret that holds `{"apiKey": "…", "integrationId": "…"}`. */
  credentialsSecretArn: 'CREDENTIALS_SECRET_ARN',
  /** `on` signs each session call with HMAC-SHA-512, `off` omits the signature. */
  hmac: 'HMAC',
  /** Key of the pseudonym that replaces a uid in log lines. */
  uidRefKey: 'UID_REF_KEY',
  /** ARN of the secret that holds the key of the launch tokens, as 64 hex digits. */
  launchKeySecretArn: 'LAUNCH_KEY_SECRET_ARN',
  /** Base URL of launch links, `https://links.lender.example`; if absent, the host and stage that were called. */
  launchBaseUrl: 'LAUNCH_BASE_URL',
  /** Name of the table of sessions; if absent, sessions are not remembered. */
  sessionTable: 'SESSION_TABLE',
  /** Whole hours for which a session is remembered if its token has no expiry. */
  sessionHours: 'SESSION_HOURS',
  /** URL of the queue that the lender takes results from. */
  resultsQueueUrl: 'RESULTS_QUEUE_URL',
  /** URL of the queue for signed events that are no result of this stage. */
  setAsideQueueUrl: 'RESULTS_SET_ASIDE_QUEUE_URL',
  /** Whole days for which the previous API key still verifies results. */
  previousKeyDays: 'PREVIOUS_KEY_DAYS',
  /** Only for a function on the developer's machine: `<API origin>,<assessment origin>`, both on 127.0.0.1. */
  localOrigins: 'BEGINI_LOCAL_ORIGINS',
} as const;

/** Environment variables by name, as in `process.env`. */
export type Environment = Record<string, string | undefined>;

/** @throws Error that names the variable if it is missing or empty. */
export function requiredVariable(environment: Environment, name: string): string {
  const value = environment[name];
  if (!value) throw new Error(`The environment variable ${name} is missing.`);
  return value;
}
