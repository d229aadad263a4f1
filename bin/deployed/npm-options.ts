import { UsageError } from './usage-error.ts';

/**
 * Refuses to run without options that were given before `--`, or in PowerShell, where npm never sees `--`: npm takes
 * them for options of its own, and the command would do something else (npm/cli issue 4903, read November 2026).
 *
 * @param names of the command's options: `hand-off`
 * @param environment where npm puts such options: `npm_config_hand_off`
 * @throws UsageError that names the option
 */
export function refuseOptionsOfNpm(
  names: readonly string[],
  argv: readonly string[],
  environment: Record<string, string | undefined>,
): void {
  const isGiven = (name: string) => argv.some((one) => one === `--${name}` || one.startsWith(`--${name}=`));
  const taken = names.find(
    (name) => environment[`npm_config_${name.replaceAll('-', '_')}`] !== undefined && !isGiven(name),
  );
  if (!taken) return;
  throw new UsageError(
    `npm has used --${taken} itself: write -- before the options (in PowerShell '--', in quotes).`,
  );
}
