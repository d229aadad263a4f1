import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a program that a test starts gets of this machine's environment: nothing that could change what it does. */
export function programEnvironment(): NodeJS.ProcessEnv {
  const { PATH, TMPDIR, NODE_COMPILE_CACHE } = process.env;
  return { PATH, TMPDIR, NODE_COMPILE_CACHE };
}

/** Names the folder for everything that a test run builds once, for all of its files. */
export const runFolderVariable = 'BEGINI_TEST_RUN';

/** Called by Jest before the first test file: its workers and their child processes inherit the environment. */
export default function setUp(): void {
  const folder = mkdtempSync(join(tmpdir(), 'begini-session-run-'));
  process.env[runFolderVariable] = folder;
  // Removes everything that a test left in the folder for temporary files.
  process.env.TMPDIR = folder;
  // The programs that tests start load the same modules.
  process.env.NODE_COMPILE_CACHE = join(folder, 'compile-cache');
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}
