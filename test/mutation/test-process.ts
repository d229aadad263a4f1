import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from 'jest-config';
import { runFolderVariable } from '../support/test-run.ts';
import type { FileRun } from './environment.ts';

/** Runs one test file, or some of its tests. */
export type RunRequest = { testFile: string; chosen: number[] | undefined; untilFailure: boolean };
export type RunAnswer = Pick<FileRun, 'tests' | 'mutantsOutside' | 'failure'> & {
  ms: number;
  memory: number;
};

// Their types describe their CommonJS.
const require = createRequire(import.meta.url);
const { default: TestRunner } = require('jest-runner') as typeof import('jest-runner');
const { default: JestRuntime } = require('jest-runtime') as typeof import('jest-runtime');

// A process that runs test files of the project in its working directory, one at a time, as its parent asks.
const root = process.cwd();
const config = await readConfig({ $0: '', _: [] }, root);
const globalConfig = { ...config.globalConfig, silent: true };
const projectConfig = {
  ...config.projectConfig,
  testEnvironment: join(import.meta.dirname, 'environment.ts'),
};
const context = await JestRuntime.createContext(projectConfig, {
  console,
  maxWorkers: 1,
  watch: false,
  watchman: false,
});

async function runFile({ testFile, chosen, untilFailure }: RunRequest): Promise<RunAnswer> {
  const run: FileRun = { chosen, untilFailure, tests: [], mutantsOutside: [], failure: undefined };
  Object.assign(globalThis, { mutationRun: run });
  // Bundles are built once per folder, so each run has its own.
  const folder = mkdtempSync(join(tmpdir(), 'run-'));
  process.env[runFolderVariable] = folder;
  const startedAt = performance.now();
  const runner = new TestRunner(globalConfig, {});
  runner.on('test-file-failure', ([, { message }]) => {
    run.failure ??= `the test file: ${message}`;
  });
  runner.on('test-file-success', ([, { failureMessage, numFailingTests, testExecError }]) => {
    if (numFailingTests > 0 || testExecError) run.failure ??= `the test file: ${failureMessage}`;
  });
  const watcher = { isInterrupted: () => false, isWatchMode: () => false };
  await runner.runTests([{ path: join(root, testFile), context }], watcher as never, { serial: true });
  rmSync(folder, { recursive: true, force: true });
  const ms = performance.now() - startedAt;
  const { tests, mutantsOutside, failure } = run;
  return { tests, mutantsOutside, failure, ms, memory: process.memoryUsage.rss() };
}

process.on('message', async (request: RunRequest) => process.send?.(await runFile(request)));
process.send?.('ready');
