import * as v from 'valibot';

/*
 * The schemas that the settings have in common. The message of a schema says what it allows and completes the sentence
 * "use …"; `problemsOf` adds the place and the value found there.
 */

/** An object as JSON knows it: not an array, not `null`. */
export const object = v.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object of settings',
);

/** The values of these settings, each as its schema returns it. */
export type SettingsOf<Entries extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Entries, undefined>>;

/** An object with these settings and no others. */
export function settings<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.GenericSchema<unknown, SettingsOf<Entries>> {
  const names = Object.keys(entries);
  const absent = Object.fromEntries(names.map((name) => [name, undefined]));
  return v.pipe(
    object,
    // Valibot reports an absent key with the message of the object, an undefined value with that of its own schema.
    v.transform((given) => ({ ...absent, ...given })),
    v.objectWithRest(entries, v.never(names.join(', '))),
  );
}

/** Which of Begini's environments a stage belongs to. */
export const environmentName = oneOf('test', 'production');
export type EnvironmentName = v.InferOutput<typeof environmentName>;

/** A string that the pattern matches. */
export function text(pattern: RegExp, allowed: string) {
  return v.pipe(v.string(allowed), v.regex(pattern, allowed));
}

/** An https URL of at most 500 characters without user or password. */
export function httpsUrl(example: string) {
  const allowed = `an address such as "${example}", without user or password, of at most 500 characters`;
  return v.pipe(v.string(allowed), v.maxLength(500, allowed), v.check(isHttpsUrl, allowed));
}

/** Whether a row does not have a setting; in `valid`, one that has a mistake of its own is absent, not `undefined`. */
export function isLeftOut<Row extends object>(valid: Row, name: keyof Row): boolean {
  return name in valid && valid[name] === undefined;
}

/** One of the given values, as in `oneOf('iam', 'api-key')`. */
export function oneOf<const Value extends string | number>(...values: readonly Value[]) {
  return v.picklist(values, values.map((value) => JSON.stringify(value)).join(' or '));
}

/** `true` or `false`, not their names in quotes. */
export const yesOrNo = v.boolean('true or false');

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number, allowed = `a whole number from ${min} to ${max}`) {
  return v.pipe(
    v.number(allowed),
    v.safeInteger(allowed),
    v.minValue(min, allowed),
    v.maxValue(max, allowed),
  );
}

/** The longest interval between rotations that Secrets Manager accepts, as `AutomaticallyAfterDays`. */
export const longestRotationDays = 1_000;

/** A list of at least one string, none twice. */
export function list(item: v.GenericSchema<string> & { message: string }) {
  const allowed = `a list of at least one item and none twice, each ${item.message}`;
  return v.pipe(
    v.array(item, allowed),
    v.minLength(1, allowed),
    v.check((items) => new Set(items).size === items.length, allowed),
  );
}

/**
 * One sentence for each mistake in the settings at `path`, such as
 * `stages.Test.callerAuth: "api_key" is not allowed; use "iam" or "api-key"`.
 */
export function problemsOf(path: string, issues: readonly v.BaseIssue<unknown>[] = []): string[] {
  const problems = issues.map((issue) => {
    const keys = issue.path?.map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${key}`)) ?? [];
    const place = [path, ...keys].join('');
    if (issue.type === 'never') return `${place}: no such setting; use ${issue.message}`;
    return notAllowed(place, issue.input, issue.message);
  });
  // One value can break several rules of its schema, which share one message.
  return [...new Set(problems)];
}

/** One sentence that names the place, the value found there and what is allowed. */
export function notAllowed(place: string, value: unknown, allowed: string): string {
  const finding = value === undefined ? 'missing' : `${JSON.stringify(value)} is not allowed`;
  return `${place}: ${finding}; use ${allowed}`;
}

function isHttpsUrl(value: string): boolean {
  // `URL` also accepts `https:lender.example`, which a browser reads as a path on our own host.
  const url = /^https:\/\/[^/\\]/i.test(value) ? URL.parse(value) : null;
  return url?.protocol === 'https:' && url.username === '' && url.password === '';
}
