import { parseArgs } from 'node:util';
import { refuseOptionsOfNpm } from '../deployed/npm-options.ts';
import { UsageError } from '../deployed/usage-error.ts';

/** What the operator asked for. */
export type Command = {
  /** As typed; rows of the stages table differ in more than case. */
  stage: string;
  /** Only show versions and labels. */
  status: boolean;
  /** Talk to the local service instead of AWS. */
  local: boolean;
  /** Read the pair from this file. */
  file: string | undefined;
  /** The stage's name again, for production if no person can type it. */
  confirm: string | undefined;
  /** The pair in use has leaked. */
  compromised: boolean;
};

/** How the command is called. */
export const usage = `Usage: npm run rotate -- --stage <stage> [--local] [--file <file>] [--confirm <stage>] [--compromised]
       npm run rotate -- --stage <stage> --status [--local]

Puts a new pair of API key and integration id in use, after Begini has accepted it. The pair is asked for, or read as
{"apiKey": "…", "integrationId": "…"} from the file or from standard input; never from the command line, which other
users of this machine can see. With --compromised, results signed with the pair in use until now are refused after it.`;

const options = {
  stage: { type: 'string' },
  status: { type: 'boolean' },
  local: { type: 'boolean' },
  file: { type: 'string' },
  confirm: { type: 'string' },
  compromised: { type: 'boolean' },
} as const;

/**
 * Reads the command line.
 *
 * @param environment where npm puts options that came before `--`
 * @throws UsageError, which names the wrong option and quotes no value: a key may be there by mistake.
 */
export function parseCommand(argv: string[], environment: Record<string, string | undefined> = {}): Command {
  refuseOptionsOfNpm(Object.keys(options), argv, environment);
  const { stage, status = false, local = false, compromised = false, file, confirm } = parse(argv);
  if (!stage) fail('--stage is missing.');
  return { stage, status, local, file, confirm, compromised };
}

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options }).values;
  } catch {
    return fail(whatIsWrong(argv));
  }
}

function fail(fault: string): never {
  throw new UsageError(`${fault}\n\n${usage}`);
}

function whatIsWrong(argv: string[]): string {
  const { tokens } = parseArgs({ args: argv, options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') return 'A value was given instead of an option.';
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (!isOption(name))
      return `There is no option ${isHarmless(rawName) ? rawName : 'like one of those given'}.`;
    if (options[name].type === 'boolean' && value !== undefined) return `--${name} has no value.`;
    if (options[name].type === 'string' && (!value || value.startsWith('-')))
      return `--${name} needs a value.`;
  }
  return 'The options cannot be read.';
}

function isOption(name: string): name is keyof typeof options {
  return Object.hasOwn(options, name);
}

/** Only short words are quoted: anything else that begins with a hyphen may be a key. */
function isHarmless(option: string): boolean {
  return /^--?[a-z]{1,12}(-[a-z]{1,12})?$/.test(option);
}
