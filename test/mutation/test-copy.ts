import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyProject, root } from '../support/project-copy.ts';
import type { RunAnswer, RunRequest } from './test-process.ts';

/** Above this resident memory a process is replaced: it keeps the modules of every file that it ran. In bytes. */
const largestProcess = 1024 ** 3;

/** A copy of the project, with a process that runs test files in it. */
export class TestCopy {
  readonly #folder: string;
  #process: ChildProcess | undefined;

  /** @param folder a folder that does not exist yet */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async create(): Promise<void> {
    await copyProject(this.#folder);
    mkdirSync(join(this.#folder, '.tmp'));
  }

  async write(file: string, content: string): Promise<void> {
    await writeFile(join(this.#folder, file), content);
  }

  async restore(file: string): Promise<void> {
    await cp(join(root, file), join(this.#folder, file));
  }

  /** @returns undefined if it did not end within `limitMs` or its process died; everything it started is then killed */
  async run(request: RunRequest, limitMs: number): Promise<RunAnswer | undefined> {
    const process = this.#process ?? (await this.#start());
    process.send(request);
    const answer = await new Promise<RunAnswer | undefined>((resolve) => {
      const settle = (message?: RunAnswer) => {
        clearTimeout(timer);
        process.removeAllListeners();
        resolve(message);
      };
      const timer = setTimeout(settle, limitMs);
      process.once('message', settle).once('exit', () => settle());
    });
    if (!answer || answer.memory > largestProcess) this.#stop();
    return answer;
  }

  async #start(): Promise<ChildProcess> {
    this.#process = fork(join(import.meta.dirname, 'test-process.ts'), [], {
      cwd: this.#folder,
      execArgv: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
      env: { ...process.env, TMPDIR: join(this.#folder, '.tmp') },
      // A group of its own, so that what it started can be killed with it.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    await once(this.#process, 'message');
    return this.#process;
  }

  #stop(): void {
    const { pid } = this.#process ?? {};
    this.#process = undefined;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }

  remove(): void {
    this.#stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
