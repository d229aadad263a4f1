/** What a setting accepts, as a check and in words that complete the sentence "use …". */
export interface Check<T> {
  accepts: (value: unknown) => value is T;
  allowed: string;
}

/** One of the given values, as `oneOf('iam', 'api-key')`. */
export function oneOf<const T extends string | number>(...values: readonly T[]): Check<T> {
  return {
    accepts: (value): value is T => values.some((known) => known === value),
    allowed: values.map((value) => JSON.stringify(value)).join(' or '),
  };
}

/** A string that the pattern matches; `allowed` says so in words. */
export function text(pattern: RegExp, allowed: string): Check<string> {
  return { accepts: (value): value is string => typeof value === 'string' && pattern.test(value), allowed };
}

/** `true` or `false`, not their names in quotes. */
export const yesOrNo: Check<boolean> = {
  accepts: (value) => typeof value === 'boolean',
  allowed: 'true or false',
};

/** Any number above zero. */
export const positiveNumber: Check<number> = {
  accepts: (value): value is number => typeof value === 'number' && value > 0,
  allowed: 'a number greater than 0',
};

/** 1, 2, 3 … */
export const positiveInteger: Check<number> = {
  accepts: (value): value is number => Number.isSafeInteger(value) && positiveNumber.accepts(value),
  allowed: 'a whole number greater than 0',
};

/** An object as JSON knows it: no array, no `null`. */
export const object: Check<Record<string, unknown>> = {
  accepts: (value): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value),
  allowed: 'an object of settings',
};

/**
 * Reads one object of settings, field by field. What is wrong is collected rather than thrown, so that one run
 * names every mistake: `stages.Test.callerAuth: "api_key" is not allowed; use "iam" or "api-key"`.
 */
export class SettingsReader {
  readonly #path: string;
  readonly #fields: Record<string, unknown>;
  readonly #problems: string[];
  readonly #known = new Set<string>();

  private constructor(path: string, value: unknown, problems: string[]) {
    this.#path = path;
    this.#problems = problems;
    this.#fields = object.accepts(value) ? value : {};
    if (!object.accepts(value)) problems.push(notAllowed(path, value, object.allowed));
  }

  /**
   * Runs `readFields` over the object at `path`; a field it did not ask for is a problem.
   * @param problems receives one sentence for each mistake; while it is empty, what is returned can be trusted.
   */
  static read<T>(
    path: string,
    value: unknown,
    problems: string[],
    readFields: (settings: SettingsReader) => T,
  ): T {
    const settings = new SettingsReader(path, value, problems);
    const result = readFields(settings);
    settings.#refuseUnknownFields();
    return result;
  }

  /** The field's value; `undefined` where it is absent or not allowed. */
  optional<T>(field: string, check: Check<T>): T | undefined {
    const value = this.#take(field);
    return value === undefined ? undefined : this.#checked(field, value, check);
  }

  /** The field's value; `undefined` where it is not allowed, and absence is not. */
  required<T>(field: string, check: Check<T>): T | undefined {
    return this.#checked(field, this.#take(field), check);
  }

  /** A list of at least one item, no item twice; `undefined` where the field is absent or not allowed. */
  optionalList<T>(field: string, item: Check<T>): T[] | undefined {
    const list = this.#take(field);
    if (list === undefined) return undefined;
    if (!Array.isArray(list) || list.length === 0 || new Set(list).size < list.length) {
      this.refuse(field, list, `a list of at least one item and none twice, each ${item.allowed}`);
      return undefined;
    }
    return list.flatMap((value, index) => this.#checked(`${field}[${index}]`, value, item) ?? []);
  }

  /** An object of settings within this one; where it is absent, one without fields. */
  nested<T>(field: string, readFields: (settings: SettingsReader) => T): T {
    const value = this.#take(field);
    const fields = value === undefined ? {} : value;
    return SettingsReader.read(`${this.#path}.${field}`, fields, this.#problems, readFields);
  }

  /** The same; `undefined` where the field is absent. */
  optionalNested<T>(field: string, readFields: (settings: SettingsReader) => T): T | undefined {
    return this.#take(field) === undefined ? undefined : this.nested(field, readFields);
  }

  /** Records that the field's value is not allowed. */
  refuse(field: string, value: unknown, allowed: string): void {
    this.#problems.push(notAllowed(`${this.#path}.${field}`, value, allowed));
  }

  #take(field: string): unknown {
    this.#known.add(field);
    return this.#fields[field];
  }

  #checked<T>(field: string, value: unknown, check: Check<T>): T | undefined {
    if (check.accepts(value)) return value;
    this.refuse(field, value, check.allowed);
    return undefined;
  }

  #refuseUnknownFields(): void {
    for (const field of Object.keys(this.#fields).filter((name) => !this.#known.has(name))) {
      this.#problems.push(`${this.#path}.${field}: no such setting; use ${[...this.#known].join(', ')}`);
    }
  }
}

/** One sentence that names the place, the value found there and what is allowed. */
export function notAllowed(path: string, value: unknown, allowed: string): string {
  const finding = value === undefined ? 'missing' : `${JSON.stringify(value)} is not allowed`;
  return `${path}: ${finding}; use ${allowed}`;
}
