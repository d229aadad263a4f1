import { readStages, StagesError } from '../../../lib/stages/stages.ts';

/** What `readStages` says about a table of stages: the message of its error, or `accepted`. */
export function messageFor(table: unknown, defaultRegion?: string): string {
  try {
    readStages(table, defaultRegion);
  } catch (error) {
    if (error instanceof StagesError) return error.message;
    throw error;
  }
  return 'accepted';
}

/**
 * A row for each value that a setting refuses in the same way: the settings, and what the message says.
 * @param path of the setting, such as `throttle.rateLimit` or `loanApps[0]`
 */
export function refused(path: string, allowed: string, ...values: unknown[]): [object, string][] {
  const settingsWith = (value: unknown) =>
    path
      .split('.')
      .reduceRight(
        (inner, name) => ({ [name.replace('[0]', '')]: name.endsWith('[0]') ? [inner] : inner }),
        value,
      );
  const finding = (value: unknown) =>
    value === undefined ? 'missing' : `${JSON.stringify(value)} is not allowed`;
  return values.map((value) => [Object(settingsWith(value)), `${path}: ${finding(value)}; use ${allowed}`]);
}
