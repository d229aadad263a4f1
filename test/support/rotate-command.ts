import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { programEnvironment } from './test-run.ts';

/** How a run of the command ended. */
export type CommandRun = { exitCode: number | null; stdout: string; stderr: string };

/** A run of the command that has not ended yet. */
export type RunningCommand = {
  /** Resolves when standard output contains `text`, and rejects if the command ends without it. */
  shows(text: string): Promise<void>;
  /** Writes to its standard input. */
  type(text: string): void;
  /** Sends a signal, by default that of Ctrl-C. */
  interrupt(signal?: NodeJS.Signals): void;
  /** Closes the other end of its output, like a terminal that is closed. */
  closeOutput(): void;
  ended: Promise<CommandRun>;
};

/**
 * Starts `npm run rotate` as a separate process, with `input` at its standard input; or in a pseudo-terminal (`script`,
 * util-linux), which shows typed input until the command turns that off.
 */
export function startRotateCommand(
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
  const command = [process.execPath, 'bin/rotate-credentials.ts', ...args];
  const [program = '', ...parameters] = atTerminal
    ? ['script', '--quiet', '--return', '--command', command.join(' '), '/dev/null']
    : command;
  const child = spawn(program, parameters, {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...programEnvironment(), AWS_EC2_METADATA_DISABLED: 'true', ...environment },
  });
  const run: CommandRun = { exitCode: null, stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
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
    },
    type: (text) => child.stdin.write(text),
    interrupt: (signal = 'SIGINT') => child.kill(signal),
    closeOutput: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    ended,
  };
}

/** Runs the command to its end. */
export function runRotateCommand(...parameters: Parameters<typeof startRotateCommand>): Promise<CommandRun> {
  return startRotateCommand(...parameters).ended;
}
