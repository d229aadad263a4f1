import { secretTries, secretTryTimeoutMs } from '../deadlines.ts';

/** How Secrets Manager is called: in time, and once more where that helps. */
export const secretsManagerDefaults = {
  maxAttempts: secretTries,
  requestHandler: { requestTimeout: secretTryTimeoutMs, throwOnRequestTimeout: true },
};
