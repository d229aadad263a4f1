import { type Figure, quantile, table } from '../load/figures.ts';
import type { Measured, Measurement } from './measure.ts';
import type { VariantName } from './variants.ts';

/** One ratio of medians; the table of sessions is only in `remembering`. */
type Comparison = {
  figure: 'totalMs' | 'firstMs' | 'warmP50Ms' | 'memoryMiB';
  of: keyof typeof subjectNames;
  by: keyof typeof variantNames;
  most?: number;
};

/** Without distance. An empty handler does nothing, so how much more this service does depends on the machine: without a target. */
const comparisons: readonly Comparison[] = [
  { figure: 'totalMs', of: 'ours', by: 'empty' },
  { figure: 'totalMs', of: 'remembering', by: 'empty' },
  { figure: 'totalMs', of: 'ours', by: 'hand-written', most: 1.5 },
  { figure: 'totalMs', of: 'remembering', by: 'hand-written', most: 1.7 },
  { figure: 'totalMs', of: 'ours', by: 'powertools', most: 0.8 },
  { figure: 'totalMs', of: 'remembering', by: 'powertools', most: 0.95 },
  { figure: 'firstMs', of: 'ours', by: 'hand-written', most: 0.5 },
  { figure: 'firstMs', of: 'remembering', by: 'hand-written', most: 1 },
  { figure: 'warmP50Ms', of: 'ours', by: 'hand-written', most: 1.6 },
  { figure: 'warmP50Ms', of: 'remembering', by: 'hand-written' },
  { figure: 'warmP50Ms', of: 'ours', by: 'powertools', most: 1.2 },
  { figure: 'warmP50Ms', of: 'remembering', by: 'powertools' },
  { figure: 'memoryMiB', of: 'ours', by: 'hand-written', most: 1.15 },
  { figure: 'memoryMiB', of: 'remembering', by: 'powertools', most: 1 },
  { figure: 'totalMs', of: 'receiving', by: 'remembering', most: 1 },
  { figure: 'warmP50Ms', of: 'receiving', by: 'bare-post' },
  { figure: 'warmP50Ms', of: 'receiving', by: 'sdk-send', most: 1.6 },
];

const figureNames = {
  totalMs: 'init + first request',
  firstMs: 'first request',
  warmP50Ms: 'warm p50',
  memoryMiB: 'peak memory',
};
const subjectNames = { ours: '', remembering: ', with the table', receiving: ', of a result' };
const variantNames = {
  empty: 'empty handler',
  'hand-written': 'hand-written',
  powertools: 'Powertools',
  remembering: 'that of a session',
  'bare-post': 'bare POST',
  'sdk-send': 'the SDK alone',
};

/** By distance, the targets of this service without the table. */
const distantTargets = new Map<number, { handWritten: number; powertools?: number; second?: number }>([
  [40, { handWritten: 1.25, powertools: 0.87, second: 1.3 }],
  [120, { handWritten: 1.12 }],
]);

/** The distances from Begini that are measured: its round trip, in milliseconds. */
export const distancesMs: readonly number[] = [0, ...distantTargets.keys()];

/** A new connection takes three round trips, whatever the client: TCP, TLS and the request. */
const roundTrips = 3;

const valuesOf = (rounds: readonly Measurement[], figure: keyof Measurement) =>
  rounds.map((round) => round[figure]).filter((value) => value !== undefined);

/** The ratios that the bench is about, each with its target. */
export function compare(measured: readonly Measured[]): Figure[] {
  const median = (name: VariantName, figure: keyof Measurement, at: number) => {
    const found = measured.find(({ variant, vendorMs }) => variant.name === name && vendorMs === at);
    return quantile(valuesOf(found?.rounds ?? [], figure), 0.5);
  };
  const near = comparisons.map(({ figure, of, by, most }) => ({
    name: `${figureNames[figure]}${subjectNames[of]} ÷ ${variantNames[by]}`,
    value: median(of, figure, 0) / median(by, figure, 0),
    most,
  }));
  const far = [...distantTargets].flatMap(([at, { handWritten, powertools, second }]) => {
    const both = (name: VariantName) => median(name, 'totalMs', at);
    const figure = (name: string, value: number, most?: number) => ({
      name: `${name}, ${at} ms from Begini`,
      value,
      most,
    });
    return [
      figure(
        'init + first request ÷ hand-written that connects during init',
        both('ours') / both('hand-written-early'),
        handWritten,
      ),
      figure('init + first request ÷ Powertools', both('ours') / both('powertools'), powertools),
      figure(
        'first ÷ second request',
        median('ours', 'firstMs', at) / median('ours', 'secondMs', at),
        second,
      ),
      figure(
        `(init + first request − ${roundTrips} round trips) ÷ empty handler`,
        (both('ours') - roundTrips * at) / both('empty'),
      ),
    ];
  });
  return [...near, ...far];
}

/** The medians as a Markdown table, with quartiles in brackets. */
export function formatMedians(measured: readonly Measured[]): string {
  const all: [keyof Measurement, string, number][] = [
    ['initMs', 'init, ms', 0],
    ['firstMs', 'first request, ms', 1],
    ['secondMs', 'second request, ms', 1],
    ['totalMs', 'both, ms', 0],
    ['memoryMiB', 'peak memory, MiB', 1],
    ['warmP50Ms', 'warm p50, ms', 2],
    ['warmP99Ms', 'warm p99, ms', 2],
  ];
  const columns = all.filter(([figure]) =>
    measured.every(({ rounds }) => valuesOf(rounds, figure).length > 0),
  );
  return table(
    ['function', 'bundle, kB', ...columns.map(([, title]) => title)],
    measured.map(({ variant: { description, bytes }, rounds }) => [
      description,
      bytes === undefined ? '–' : (bytes / 1000).toFixed(bytes < 1000 ? 1 : 0),
      ...columns.map(([figure, , digits]) => {
        const values = valuesOf(rounds, figure);
        const [lower, median, upper] = [0.25, 0.5, 0.75].map((q) => quantile(values, q).toFixed(digits));
        return `${median} (${lower}–${upper})`;
      }),
    ]),
  );
}
