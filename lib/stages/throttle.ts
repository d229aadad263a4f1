import * as v from 'valibot';
import { settings, wholeNumber } from './settings.ts';

/** Requests per second, and how many may come at once. */
export interface Throttle {
  rateLimit: number;
  burstLimit: number;
}

/** Far above the quota of an account (10,000 a second, bursts of 5,000), which AWS raises on request. */
const largestLimit = 1_000_000;

const allowedRate = `a number greater than 0, at most ${largestLimit}`;
const rate = v.pipe(v.number(allowedRate), v.gtValue(0, allowedRate), v.maxValue(largestLimit, allowedRate));
const burst = wholeNumber(1, largestLimit, `a whole number greater than 0, at most ${largestLimit}`);

/** A throttle, with a default for each limit that it does not name. */
export function throttle(defaults: Throttle) {
  return v.optional(
    settings({
      rateLimit: v.optional(rate, defaults.rateLimit),
      burstLimit: v.optional(burst, defaults.burstLimit),
    }),
    {},
  );
}
