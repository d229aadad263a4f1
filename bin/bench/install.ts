import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const baselines = join(import.meta.dirname, 'baselines');

/** The folder for everything that the bench installs, builds and measures; git ignores it. */
export const benchFolder = join(import.meta.dirname, '..', '..', '.bench');

/**
 * Copies the baselines' functions into `.bench/` and installs their dependencies there, unless that has been done.
 * AWS's runtime interface client is an optional part: it is compiled, which takes cmake, g++, autoconf, automake and
 * libtool.
 *
 * @throws Error if npm fails.
 */
export function installBaselines(): void {
  const installed = join(benchFolder, 'node_modules', '.package-lock.json');
  const manifest = 'package.json';
  const isCurrent =
    existsSync(installed) &&
    readFileSync(join(baselines, manifest)).equals(readFileSync(join(benchFolder, manifest)));
  cpSync(baselines, benchFolder, { recursive: true });
  if (isCurrent) return;
  console.error('Installing the baselines into .bench/ …');
  const { status } = spawnSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], {
    cwd: benchFolder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm install in ${benchFolder} failed`);
}

/** A file that runs functions, and what it is. */
export type Bootstrap = { description: string; file?: string };

/** AWS's own runtime interface client if it could be installed, else the stand-in of the tests. */
export function findBootstrap(): Bootstrap {
  const folder = join(benchFolder, 'node_modules', 'aws-lambda-ric');
  const file = join(folder, 'index.mjs');
  if (!existsSync(file)) return { description: 'the stand-in for aws-lambda-ric' };
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return { description: `AWS's aws-lambda-ric ${version}`, file };
}
