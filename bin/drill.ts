import { type Figure, formatFigures, missedTargets } from './load/figures.ts';
import { drillDefaults, drillHardCut, drillOverlap } from './load/rotation-drill.ts';

const { clients, pauseMs, refusedMs } = drillDefaults;

/** Prints the figures; whether all targets were met. */
function report(figures: Figure[]): boolean {
  console.log(`${formatFigures(figures)}\n`);
  return missedTargets(figures).length === 0;
}

console.log(
  `Two renewals of the key on this machine, under at most ${(clients * 1_000) / pauseMs} requests a second; about half a minute.\n`,
);
console.log('Begini accepts both keys until the command has ended, and the command is run at once:');
const overlapMet = report(await drillOverlap(drillDefaults));
console.log(`The old key stops working at once, and the command is run ${refusedMs / 1_000} s later:`);
const hardCutMet = report(await drillHardCut(drillDefaults));
console.log(overlapMet && hardCutMet ? 'PASS: every target was met.' : 'FAIL: a target was missed.');
process.exitCode = overlapMet && hardCutMet ? 0 : 1;
