import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { programEnvironment } from './test-run.ts';

const outputs = ['stdout', 'stderr'] as const;

/** How a run of the command ended. */
export type CommandRun = { exitCode: number | null; stdout: string; stderr: string };

/** A run of the command that has not ended yet. */
export type RunningCommand = {
  /** Resolves to standard output when it contains `text`, and rejects if the command ends without it. */
  shows(text: string): Promise<string>;
  /** Writes to its standard input. */
  type(text: string): void;
  /** Sends a signal, by default that of Ctrl-C. */
  interrupt(signal?: NodeJS.Signals): void;
  /** Closes the other end of its output; by default of all of it, like a terminal that is closed. */
  closeOutput(names?: readonly ('stdout' | 'stderr')[]): void;
  ended: Promise<CommandRun>;
};

/**
 * Starts a command of `bin` as a separate process, with `input` at its standard input; or in a pseudo-terminal (`script`,
 * util-linux), which shows typed input until the command turns that off.
 */
export function startCommand(
  file: string,
  args: string[],
  {
    input = '',
    atTerminal = false,
    keepsInputOpen = atTerminal,
    environment = {},
  }: {
    input?: string;
    atTerminal?: boolean;
    keepsInputOpen?: boolean;
    environment?: Record<string, string>;
  } = {},
): RunningCommand {
  const command = [process.execPath, `bin/${file}`, ...args];
  const [program = '', ...parameters] = atTerminal
    ? ['script', '--quiet', '--return', '--command', command.join(' '), '/dev/null']
    : command;
  const child = spawn(program, parameters, {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...programEnvironment(), AWS_EC2_METADATA_DISABLED: 'true', ...environment },
  });
  const run: CommandRun = { exitCode: null, stdout: '', stderr: '' };
  for (const name of outputs) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      run[name] += chunk;
    });
  }
  child.stdin.on('error', () => undefined);
  if (!keepsInputOpen) child.stdin.end(input);
  const ended = once(child, 'close').then(([exitCode]) => ({ ...run, exitCode }));
  return {
    async shows(text) {
      while (!run.stdout.includes(text)) {
        const ending = await Promise.race([ended, once(child.stdout, 'data').then(() => undefined)]);
        if (ending && !run.stdout.includes(text)) throw new Error(`ended without "${text}": ${run.stderr}`);
      }
      return run.stdout;
    },
    type: (text) => child.stdin.write(text),
    interrupt: (signal = 'SIGINT') => child.kill(signal),
    closeOutput: (names = outputs) => {
      for (const name of names) child[name].destroy();
    },
    ended,
  };
}

/** Starts `npm run rotate`. */
export function startRotateCommand(
  args: string[],
  options?: Parameters<typeof startCommand>[2],
): RunningCommand {
  return startCommand('rotate-credentials.ts', args, options);
}

/** Runs it to its end. */
export function runRotateCommand(...parameters: Parameters<typeof startRotateCommand>): Promise<CommandRun> {
  return startRotateCommand(...parameters).ended;
}
