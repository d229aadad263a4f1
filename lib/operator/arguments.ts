import { parseArgs } from 'node:util';

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
  /** The stage's name again, for production where nobody is there to type it. */
  confirm: string | undefined;
};

/** The command cannot begin: the message says what to change. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** How the command is called. */
export const usage = `Usage: npm run rotate -- --stage <stage> [--local] [--file <file>] [--confirm <stage>]
       npm run rotate -- --stage <stage> --status [--local]

Puts a new pair of API key and integration id in use, once Begini has taken it. The pair is asked for, or read as
{"apiKey": "…", "integrationId": "…"} from the file or from standard input; never from the command line, which other
users of this machine can see.`;

/** Reads the command line. @throws UsageError, which quotes nothing of it: a key may be there by mistake. */
export function parseCommand(argv: string[]): Command {
  const { stage, status = false, local = false, file, confirm } = parse(argv);
  if (!stage) throw new UsageError(usage);
  return { stage, status, local, file, confirm };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        stage: { type: 'string' },
        status: { type: 'boolean' },
        local: { type: 'boolean' },
        file: { type: 'string' },
        confirm: { type: 'string' },
      },
    }).values;
  } catch {
    throw new UsageError(usage);
  }
}
