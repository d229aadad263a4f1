import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchFolder, findRuntimeClient, installBaselines } from './bench/install.ts';
import { measure } from './bench/measure.ts';
import { compare, formatMedians } from './bench/report.ts';
import { buildVariant, variantNames } from './bench/variants.ts';
import { refuseOptionsOfNpm } from './deployed/npm-options.ts';
import { formatFigures, missedTargets } from './load/figures.ts';
import { startTestbed } from './load/testbed.ts';

const usage = 'npm run bench [-- --rounds N]   compares the speed with other ways to write the function';

function readRounds(): number {
  refuseOptionsOfNpm(['rounds'], process.argv, process.env);
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds accepts a whole number from 1');
  return rounds;
}

try {
  const rounds = readRounds();
  installBaselines();
  const variants = await Promise.all(
    variantNames.map((name) => buildVariant(name, benchFolder, join(benchFolder, 'variants'))),
  );
  const runtimeClient = findRuntimeClient();
  const testbed = await startTestbed(runtimeClient && { bootstrap: runtimeClient.file });
  const subjects = variants.map((variant) => ({ variant, testbed }));
  const measured = await measure(subjects, rounds, {
    onRound: (round) => console.error(`round ${round} of ${rounds}`),
  }).finally(() => testbed.close());

  const figures = compare(measured);
  const isPassed = missedTargets(figures).length === 0;
  console.log(`\`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.version} under ${
    runtimeClient ? `AWS's aws-lambda-ric ${runtimeClient.version}` : 'the stand-in for aws-lambda-ric'
  }; ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model}. Medians of ${rounds} interleaved rounds, quartiles in brackets.

${formatMedians(measured)}

${formatFigures(figures)}

${isPassed ? 'PASS: every target was met.' : 'FAIL: a target was missed.'}`);
  process.exitCode = isPassed ? 0 : 1;
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exitCode = 2;
}
