import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchFolder, findRuntimeClient, installBaselines } from './bench/install.ts';
import { measure } from './bench/measure.ts';
import { compare, distancesMs, formatMedians } from './bench/report.ts';
import { buildVariant, variantNames } from './bench/variants.ts';
import { refuseOptionsOfNpm } from './deployed/npm-options.ts';
import { formatFigures, missedTargets } from './load/figures.ts';
import { startTestbed } from './load/testbed.ts';

/**
 * What the bootstrap of Lambda's nodejs18.x gives Node (read November 2026; that of nodejs24.x is not published), but for
 * the sizes of the heap. `--expose-gc` makes Node compile its own modules, because its cache was made without it.
 */
const nodeFlags = ['--expose-gc', '--max-http-header-size=81920'];

/** From a function to Secrets Manager and DynamoDB in its own region, where Begini is at a distance. */
const awsMs = 4;

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
  const testbeds = await Promise.all(
    distancesMs.map((vendorMs) =>
      startTestbed({
        nodeFlags,
        ...(runtimeClient && { bootstrap: runtimeClient.file }),
        ...(vendorMs > 0 && { distance: { vendorMs, awsMs } }),
      }),
    ),
  );
  const subjects = testbeds.flatMap((testbed) =>
    variants
      .filter(({ answers }) => answers === 'session' || testbed.distance.vendorMs === 0)
      .map((variant) => ({ variant, testbed })),
  );
  const measured = await measure(subjects, rounds, {
    onRound: (round) => console.error(`round ${round} of ${rounds}`),
  }).finally(() => Promise.all(testbeds.map((testbed) => testbed.close())));

  const figures = compare(measured);
  const isPassed = missedTargets(figures).length === 0;
  console.log(`\`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.version} under ${
    runtimeClient ? `AWS's aws-lambda-ric ${runtimeClient.version}` : 'the stand-in for aws-lambda-ric'
  }; ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model}. Medians of ${rounds} interleaved rounds, quartiles in brackets.

Node's flags: ${nodeFlags.join(' ')}. The distance is made by a TCP proxy on this machine, which does not delay a SYN: what a new
connection sends first counts as sent one round trip after the connection was accepted.

${distancesMs
  .map(
    (at) => `${at === 0 ? 'No distance' : `${at} ms to Begini and ${awsMs} ms to AWS, round trip`}:

${formatMedians(measured.filter(({ vendorMs }) => vendorMs === at))}`,
  )
  .join('\n\n')}

${formatFigures(figures)}

${isPassed ? 'PASS: every target was met.' : 'FAIL: a target was missed.'}`);
  process.exitCode = isPassed ? 0 : 1;
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exitCode = 2;
}
