/** Environment variables by name, as in `process.env`. */
export type Environment = Record<string, string | undefined>;

/** @throws Error that names the variable where it is missing or empty. */
export function requiredVariable(environment: Environment, name: string): string {
  const value = environment[name];
  if (!value) throw new Error(`The environment variable ${name} is missing.`);
  return value;
}
