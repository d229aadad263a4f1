import { type Check, positiveInteger, positiveNumber, type SettingsReader } from './settings-reader.ts';

/** Requests per second, and how many may come at once. */
export interface Throttle {
  rateLimit: number;
  burstLimit: number;
}

/** Far beyond what an account is given (10,000 a second and 5,000 at once), which AWS raises on request. */
const largestLimit = 1_000_000;

const rate: Check<number> = {
  accepts: (value): value is number => positiveNumber.accepts(value) && value <= largestLimit,
  allowed: `${positiveNumber.allowed}, at most ${largestLimit}`,
};
const burst: Check<number> = {
  accepts: (value): value is number => positiveInteger.accepts(value) && value <= largestLimit,
  allowed: `${positiveInteger.allowed}, at most ${largestLimit}`,
};

/** Reads the throttle in `field`, with a default for each limit that it does not name. */
export function readThrottle(settings: SettingsReader, field: string, defaults: Throttle): Throttle {
  return settings.nested(field, (throttle) => ({
    rateLimit: throttle.optional('rateLimit', rate) ?? defaults.rateLimit,
    burstLimit: throttle.optional('burstLimit', burst) ?? defaults.burstLimit,
  }));
}
