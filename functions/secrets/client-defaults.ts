import { addressTimeoutMs, secretTries, secretTryTimeoutMs } from '../deadlines.ts';

/**
 * How Secrets Manager is called: with a timeout, a retry if that helps, and a new connection each time. A kept
 * connection may have died while the function was frozen, and saves nothing with one read in five minutes.
 */
export const secretsManagerDefaults = {
  maxAttempts: secretTries,
  requestHandler: {
    requestTimeout: secretTryTimeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: false },
    httpsAgent: { keepAlive: false, autoSelectFamilyAttemptTimeout: addressTimeoutMs },
  },
};
