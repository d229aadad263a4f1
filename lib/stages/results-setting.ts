import * as v from 'valibot';
import { object, settings, wholeNumber } from './settings.ts';

/** Long enough for a result that Begini repeats for days; short enough for a key that is no longer in use. */
const defaultPreviousKeyDays = 7;

const previousKeyDays = v.optional(wholeNumber(0, 30), defaultPreviousKeyDays);
const onOrOff = v.pipe(
  v.boolean('true, false, or an object of settings: {"previousKeyDays": 7}'),
  v.transform((isOn) => isOn && { previousKeyDays: defaultPreviousKeyDays }),
);

/** `false`, `true`, or how long the previous API key still verifies results: `{ "previousKeyDays": 7 }`. */
export const resultsSetting = v.optional(
  v.lazy((given) => (v.is(object, given) ? settings({ previousKeyDays }) : onOrOff)),
  false,
);
