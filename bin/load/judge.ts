import { table } from './figures.ts';
import type { PhaseResult } from './phases.ts';

/** More growth than this, in MiB of heap per 10,000 requests, is a leak. */
export const mostHeapGrowth = 0.5;

/** Share of a phase after which a function counts as warm: caches are full and code is compiled. */
const warmShare = 0.2;
/** Too few samples do not show a slope. */
const fewestSamples = 5;

/** The growth of a figure in the samples of a warm function, per 10,000 requests, by least squares. */
export function growth(
  { samples, phase }: PhaseResult,
  figure: 'heapMiB' | 'residentMiB',
): number | undefined {
  const points = samples
    .filter(({ requests }) => requests >= phase.requests * warmShare)
    .map(({ requests, holdings }) => ({ x: requests / 10_000, y: holdings[figure] }));
  if (points.length < fewestSamples) return undefined;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const spread = points.map(({ x, y }) => ({ xy: (x - meanX) * (y - meanY), xx: (x - meanX) ** 2 }));
  return mean(spread.map(({ xy }) => xy)) / mean(spread.map(({ xx }) => xx));
}

/** What is wrong with a phase, in words; empty if nothing is wrong. */
export function faultsOf(result: PhaseResult): string[] {
  const { phase, outcomes, unanswered, received, samples } = result;
  const others = Object.keys(outcomes).filter((outcome) => outcome !== phase.expected);
  const heapGrowth = growth(result, 'heapMiB') ?? 0;
  const held = (figure: 'sockets' | 'listeners') => samples.map(({ holdings }) => holdings[figure]);
  return [
    ...(unanswered > 0 ? [`${unanswered} requests were not answered`] : []),
    ...(others.length > 0 ? [`not every answer was ${phase.expected}: ${others.join(', ')}`] : []),
    ...(received.vendorConnections > 0 ? [`${received.vendorConnections} new connections to Begini`] : []),
    ...(heapGrowth > mostHeapGrowth
      ? [`the heap grew by ${heapGrowth.toFixed(2)} MiB per 10,000 requests`]
      : []),
    ...(['sockets', 'listeners'] as const)
      .filter((figure) => Math.max(...held(figure)) > (held(figure)[0] ?? 0))
      .map((figure) => `the number of ${figure} grew: ${held(figure).join(', ')}`),
    ...result.faults,
  ].map((fault) => `${phase.name}: ${fault}`);
}

/** The results as .github/PROOF.md shows them. */
export function formatResults(results: readonly PhaseResult[]): string {
  const range = (values: number[]) => [...new Set([Math.min(...values), Math.max(...values)])].join('–');
  const slope = (result: PhaseResult, figure: 'heapMiB' | 'residentMiB') =>
    growth(result, figure)?.toFixed(2) ?? '–';
  const rows = results.map((result) => [
    result.phase.name,
    ...[result.functions, result.phase.requests].map(String),
    Object.entries(result.outcomes)
      .map(([outcome, answers]) => `${outcome}: ${answers}`)
      .join(', '),
    ...[result.unanswered, ...Object.values(result.received)].map(String),
    slope(result, 'heapMiB'),
    slope(result, 'residentMiB'),
    range(result.samples.map(({ holdings }) => holdings.sockets)),
    range(result.samples.map(({ holdings }) => holdings.listeners)),
  ]);
  return table(
    [
      'load',
      'functions',
      'requests',
      'answers',
      'unanswered',
      'calls to Begini',
      'new connections to it',
      'secret reads',
      'table calls',
      'calls to SQS',
      'heap, MiB per 10,000',
      'resident, MiB per 10,000',
      'sockets',
      'listeners',
    ],
    rows,
  );
}
