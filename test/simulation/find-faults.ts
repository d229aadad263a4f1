import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { share } from './share.ts';

const run = promisify(execFile);
const patches = join(import.meta.dirname, 'faults');
const root = join(import.meta.dirname, '../..');
const leftOut = ['node_modules', '.git', '.bench', '.pages', 'cdk.out'].map((name) => join(root, name));
/** In a clone inside an npm workspace, they are in a folder above. */
const packages = join(findPackageJSON('jest', import.meta.url) ?? '', '../..');

/** Breaks a copy of the code by each patch. @returns whether the simulation found every break */
export async function findFaults({ runs, seed }: { runs: number; seed: number }): Promise<boolean> {
  const found: boolean[] = [];
  await share((await readdir(patches)).sort(), availableParallelism(), async (patch) => {
    found.push(await isFound(patch, ['--runs', String(runs), '--seed', String(seed)]));
  });
  console.log(`${found.filter(Boolean).length} of ${found.length} breaks found, seed ${seed}.`);
  return found.every(Boolean);
}

/** @throws Error where the patch does not apply */
async function isFound(patch: string, options: string[]): Promise<boolean> {
  const [title] = (await readFile(join(patches, patch), 'utf8')).split('\n');
  const copy = await mkdtemp(join(tmpdir(), 'begini-session-fault-'));
  try {
    await cp(root, copy, { recursive: true, filter: (source) => !leftOut.includes(source) });
    await symlink(packages, join(copy, 'node_modules'));
    await run('git', ['apply', join(patches, patch)], { cwd: copy });
    const simulation = join(copy, 'test/simulation/simulate.ts');
    const { stdout } = await run(process.execPath, [simulation, ...options, '--first']).catch(
      (error) => error,
    );
    const [outcome = '', runs, rule] = /^Broken in run (\d+): (.*)$/m.exec(stdout) ?? [];
    console.log(
      `${title}\n  ${outcome ? `found in run ${runs}: ${rule}` : `NOT FOUND: ${String(stdout).trim()}`}`,
    );
    return outcome !== '';
  } finally {
    await rm(copy, { recursive: true });
  }
}
