import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { refuseOptionsOfNpm } from '../../bin/deployed/npm-options.ts';
import { share } from './share.ts';

const usage = `Usage: npm run simulate -- [--runs <number>] [--seed <number>] [--path <path>] [--first]
       npm run simulate -- --faults [--runs <number>] [--seed <number>]

Plays random orders of events against the code, in virtual time, and holds every invariant at every moment. A seed
repeats all runs; with the path that a failure prints, only the run that failed. --first shows a failure as it was found,
without looking for a shorter one. --faults breaks the code by each patch in test/simulation/faults/, and fails where
a break is not found in 2,000 runs of seed 1, or of the number and seed given.`;

/** More are shared between processes, each with the next seed. */
const runsOfOneProcess = 250;

type Options = { runs: number; seed: number; path: string | undefined; first: boolean };

/** Runs in this process, one after the other. @returns whether every invariant held */
async function simulate({ runs, seed, path, first }: Options): Promise<boolean> {
  process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = '/dev/null';
  const { installVirtualTime } = await import('../support/virtual-time.ts');
  const { installNetwork } = await import('./network.ts');
  installVirtualTime({ isPassed: true });
  installNetwork();
  // Only now: what reads a clock while it is loaded must find this one.
  const { default: fc } = await import('fast-check');
  const { endWell, events } = await import('./commands.ts');
  const { played, World } = await import('./world.ts');

  const property = fc.asyncProperty(fc.integer(), events, async (chance, commands) => {
    const world = new World(chance);
    await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
    await endWell(world);
    played.events += commands.length;
  });
  const result = await fc.check(property, {
    numRuns: runs,
    seed,
    endOnFailure: first,
    ...(path && { path }),
  });
  if (!result.failed) {
    console.log(`${runs} runs with seed ${seed}: every invariant held.\n${JSON.stringify(played)}`);
    return true;
  }
  console.log(`Broken in run ${result.numRuns}: ${(result.errorInstance as Error).message}
${result.counterexample?.[1]}
Repeat it with: npm run simulate -- --seed ${seed} --path ${result.counterexamplePath?.split(':')[0]}`);
  return false;
}

/** Shares the runs between processes, as many at a time as there are cores. */
async function simulateInProcesses({ runs, seed }: Options): Promise<boolean> {
  const batches = Array.from({ length: Math.ceil(runs / runsOfOneProcess) }, (_, batch) => batch);
  let broken = 0;
  const total: Record<string, number> = {};
  await share(batches, availableParallelism(), async (batch) => {
    const left = Math.min(runsOfOneProcess, runs - batch * runsOfOneProcess);
    const options = ['--runs', String(left), '--seed', String(seed + batch)];
    const child = spawn(process.execPath, [import.meta.filename, ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    if (exitCode === 0) {
      const played = JSON.parse(output.split('\n')[1] ?? '') as Record<string, number>;
      for (const [name, count] of Object.entries(played)) total[name] = (total[name] ?? 0) + count;
    } else {
      broken += 1;
      process.stdout.write(output);
    }
  });
  const seeds = `seeds ${seed} to ${seed + batches.length - 1}`;
  console.log(
    `${runs} runs with ${seeds}: ${broken === 0 ? 'every invariant held' : `broken with ${broken} seeds`}.`,
  );
  console.log(JSON.stringify(total));
  return broken === 0;
}

try {
  refuseOptionsOfNpm(['runs', 'seed', 'path', 'first', 'faults'], process.argv, process.env);
} catch (error) {
  console.error((error as Error).message);
  process.exit(2);
}
const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string' },
    path: { type: 'string' },
    first: { type: 'boolean', default: false },
    faults: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const options: Options = {
  runs: Number(values.runs ?? (values.path ? 1 : values.faults ? 2_000 : runsOfOneProcess)),
  seed: Number(values.seed ?? (values.faults ? 1 : Date.now() % 1_000_000)),
  path: values.path,
  first: values.first,
};
if (values.help || !Number.isSafeInteger(options.runs) || !Number.isSafeInteger(options.seed)) {
  console.log(usage);
  process.exitCode = values.help ? 0 : 2;
} else if (values.faults) {
  const { findFaults } = await import('./find-faults.ts');
  process.exitCode = (await findFaults(options)) ? 0 : 1;
} else {
  const isShared = options.runs > runsOfOneProcess && !options.first && !options.path;
  process.exitCode = (await (isShared ? simulateInProcesses : simulate)(options)) ? 0 : 1;
}
