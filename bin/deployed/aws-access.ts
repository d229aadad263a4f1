import type { Agent } from 'node:https';
import { createHttpsAgent } from './https-agent.ts';
import { UsageError } from './usage-error.ts';

/** Asks the person at the terminal for the code of an MFA device, by its ARN or serial number. */
export type AskMfaCode = (device: string) => Promise<string>;

/** Where a command finds its settings, and how patient it is. */
export type AccessOptions = {
  environment: Record<string, string | undefined>;
  /** Absent if there is no terminal. */
  askMfaCode?: AskMfaCode | undefined;
  /** Of each call; by default those of the SDK. */
  timeouts?: { connectionTimeout?: number; requestTimeout?: number; throwOnRequestTimeout?: boolean };
  maxAttempts?: number;
};

/** What every SDK client of a command is made with. */
export type AwsAccess = {
  /** Absent if no profile is named. */
  profile?: string;
  /** Absent if the profile decides. */
  region?: string;
  /** All clients share it, so that a person is asked for one code only. */
  credentials: () => Promise<Credentials>;
  requestHandler: AccessOptions['timeouts'] & { httpsAgent: Agent };
  maxAttempts?: number;
};

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

/**
 * Resolves profile, region, credentials, proxy and certificates as the AWS CLI (version 2) and the CDK CLI do. The SDK
 * alone differs: it ignores AWS_DEFAULT_PROFILE and AWS_DEFAULT_REGION, and prefers AWS_PROFILE to keys in the
 * environment ("Configuring environment variables for the AWS CLI", and `awscli-compatible.ts` of the CDK CLI, read
 * November 2026).
 *
 * @param rowRegion the region in the stage's row, which takes precedence
 */
export async function resolveAwsAccess(
  rowRegion: string | undefined,
  { environment, askMfaCode = refuseToAsk, timeouts, maxAttempts }: AccessOptions,
): Promise<AwsAccess> {
  const profile = environment.AWS_PROFILE || environment.AWS_DEFAULT_PROFILE;
  const region = rowRegion || environment.AWS_REGION || environment.AWS_DEFAULT_REGION;
  const requestHandler = { ...timeouts, httpsAgent: createHttpsAgent(environment, { keepAlive: true }) };
  const keys = keysIn(environment);
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const named = profile ? { profile } : {};
  return {
    ...named,
    ...(region && { region }),
    credentials: keys
      ? async () => keys
      : defaultProvider({ ...named, mfaCodeProvider: askMfaCode, clientConfig: { requestHandler } }),
    requestHandler,
    ...(maxAttempts && { maxAttempts }),
  };
}

/** Access keys in the environment; undefined unless both parts are there. */
export function keysIn({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: sessionToken,
}: AccessOptions['environment']): Credentials | undefined {
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

async function refuseToAsk(): Promise<never> {
  throw new UsageError(
    'The AWS profile asks for an MFA code. Run this in a terminal, or set temporary credentials first.',
  );
}
