import { secretTries, secretTryTimeoutMs } from '../deadlines.ts';

/**
 * How Secrets Manager is called: in time, once more where that helps, and over a new connection each time. One that was
 * kept may have died while the function was frozen, and one read in five minutes gains nothing from it.
 */
export const secretsManagerDefaults = {
  maxAttempts: secretTries,
  requestHandler: {
    requestTimeout: secretTryTimeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: false },
    httpsAgent: { keepAlive: false },
  },
};
