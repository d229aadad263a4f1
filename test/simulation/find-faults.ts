import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const patches = join(import.meta.dirname, 'faults');
const copied = ['functions', 'lib', 'test', 'package.json', 'tsconfig.json'];

/** Breaks a copy of the code by each patch. @returns whether the simulation found every break */
export async function findFaults({ runs, seed }: { runs: number; seed: number }): Promise<boolean> {
  const waiting = (await readdir(patches)).sort();
  const found: boolean[] = [];
  const work = async () => {
    for (let patch = waiting.shift(); patch !== undefined; patch = waiting.shift()) {
      found.push(await isFound(patch, ['--runs', String(runs), '--seed', String(seed)]));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  console.log(`${found.filter(Boolean).length} of ${found.length} breaks found, seed ${seed}.`);
  return found.every(Boolean);
}

/** @throws Error where the patch does not apply */
async function isFound(patch: string, options: string[]): Promise<boolean> {
  const [title] = (await readFile(join(patches, patch), 'utf8')).split('\n');
  const copy = await mkdtemp(join(tmpdir(), 'begini-session-fault-'));
  try {
    await Promise.all(copied.map((name) => cp(join(root, name), join(copy, name), { recursive: true })));
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
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
