import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const faults = readdirSync(join(import.meta.dirname, 'faults'));

test('every invariant holds in any order of events', async () => {
  const options = ['test/simulation/simulate.ts', '--runs', '20', '--seed', '1'];
  const { stdout } = await run(process.execPath, options, { cwd: root }).catch((error) => error);
  expect(stdout).toMatch(/^20 runs with seed 1: every invariant held\.\n/);
});

test.each(faults)('the break %s says what it breaks, and applies to the code as it is', async (name) => {
  const patch = join(import.meta.dirname, 'faults', name);
  expect(readFileSync(patch, 'utf8').split('\n')[0]).toMatch(/^\w.*\.$/);
  await expect(run('git', ['apply', '--check', patch], { cwd: root })).resolves.toBeDefined();
});
