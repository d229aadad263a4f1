import * as v from 'valibot';
import { type SettingsOf, settings, wholeNumber } from './settings.ts';

/** Far above the quota of an account (10,000 a second, bursts of 5,000), which AWS raises on request. */
const largestLimit = 1_000_000;

const allowedRate = `a number greater than 0, at most ${largestLimit}`;
const limits = {
  /** Requests per second. */
  rateLimit: v.pipe(v.number(allowedRate), v.gtValue(0, allowedRate), v.maxValue(largestLimit, allowedRate)),
  /** How many may come at once. */
  burstLimit: wholeNumber(1, largestLimit, `a whole number greater than 0, at most ${largestLimit}`),
};
type Throttle = SettingsOf<typeof limits>;

/** A throttle, with a default for each limit that it does not name. */
export function throttle(defaults: Throttle) {
  return v.optional(
    settings({
      rateLimit: v.optional(limits.rateLimit, defaults.rateLimit),
      burstLimit: v.optional(limits.burstLimit, defaults.burstLimit),
    }),
    {},
  );
}
