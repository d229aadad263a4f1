import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawChart } from './bench/chart.ts';
import { benchFolder, findBootstrap, installBaselines } from './bench/install.ts';
import { formatLoads, isConstant, measureLoads } from './bench/load.ts';
import { measure } from './bench/measure.ts';
import { formatReport, isMet, makeReport } from './bench/report.ts';
import { startTestbed } from './bench/testbed.ts';
import { buildVariants, buildWarmVariants } from './bench/variants.ts';

const usage = `npm run bench [-- --rounds N] [--svg FILE]   measures cold and warm, this service beside others
npm run bench -- --load                      measures 1 to 32 functions side by side`;

function readArguments(): { rounds: number; svg: string | undefined; load: boolean } {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '20' },
      svg: { type: 'string' },
      load: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds accepts a whole number from 1');
  return { rounds, svg: values.svg, load: values.load };
}

async function compare(rounds: number, svg: string | undefined): Promise<boolean> {
  const bootstrap = findBootstrap();
  const variants = await buildVariants();
  const testbed = await startTestbed(bootstrap);
  try {
    const warm = await buildWarmVariants();
    const measurements = await measure({ testbed, variants, warm, rounds });
    const report = makeReport(measurements, variants, bootstrap);
    const json = join(benchFolder, 'results.json');
    writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
    if (svg !== undefined) writeFileSync(svg, drawChart(report));
    console.log(formatReport(report));
    console.error(`\nEvery round is in ${json}`);
    return report.targets.every(isMet);
  } finally {
    await testbed.close();
  }
}

async function measureScaling(): Promise<boolean> {
  const bootstrap = findBootstrap();
  const ours = (await buildVariants()).find(({ name }) => name === 'ours');
  const loads = await measureLoads(() => startTestbed(bootstrap), ours?.folder ?? '');
  console.log(formatLoads(loads));
  return loads.every(isConstant);
}

try {
  const { rounds, svg, load } = readArguments();
  installBaselines();
  // The exit code says whether all targets were met.
  process.exitCode = (await (load ? measureScaling() : compare(rounds, svg))) ? 0 : 1;
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exitCode = 2;
}
