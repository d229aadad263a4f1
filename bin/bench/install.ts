import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The source of the functions that this service is compared with. */
export const baselinesFolder = join(import.meta.dirname, 'baselines');

/** The folder for everything that the bench installs and builds; git ignores it. */
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
    readFileSync(join(baselinesFolder, manifest)).equals(readFileSync(join(benchFolder, manifest)));
  cpSync(baselinesFolder, benchFolder, { recursive: true });
  if (isCurrent) return;
  console.error('Installing the baselines into .bench/ …');
  const { status } = spawnSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], {
    cwd: benchFolder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm install in ${benchFolder} failed`);
}

/** AWS's own runtime interface client, if it could be installed: the file that runs functions, and its version. */
export function findRuntimeClient(): { file: string; version: string } | undefined {
  const folder = join(benchFolder, 'node_modules', 'aws-lambda-ric');
  const file = join(folder, 'index.mjs');
  if (!existsSync(file)) return undefined;
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return { file, version };
}
