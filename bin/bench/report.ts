import { type Figure, quantile, table } from '../load/figures.ts';
import type { Measured, Measurement } from './measure.ts';
import type { VariantName } from './variants.ts';

/** One ratio of medians; the table of sessions is only in `remembering`. */
type Comparison = {
  figure: 'totalMs' | 'firstMs' | 'warmP50Ms' | 'memoryMiB';
  of: 'ours' | 'remembering';
  by: 'empty' | 'hand-written' | 'powertools';
  most?: number;
};

/** An empty handler does nothing, so how much more this service does depends on the machine: without a target. */
const comparisons: readonly Comparison[] = [
  { figure: 'totalMs', of: 'ours', by: 'empty' },
  { figure: 'totalMs', of: 'remembering', by: 'empty' },
  { figure: 'totalMs', of: 'ours', by: 'hand-written', most: 1.5 },
  { figure: 'totalMs', of: 'remembering', by: 'hand-written', most: 1.7 },
  { figure: 'totalMs', of: 'ours', by: 'powertools', most: 0.85 },
  { figure: 'totalMs', of: 'remembering', by: 'powertools', most: 0.95 },
  { figure: 'firstMs', of: 'ours', by: 'hand-written', most: 0.5 },
  { figure: 'firstMs', of: 'remembering', by: 'hand-written', most: 1 },
  { figure: 'warmP50Ms', of: 'ours', by: 'hand-written', most: 1.6 },
  { figure: 'warmP50Ms', of: 'remembering', by: 'hand-written' },
  { figure: 'warmP50Ms', of: 'ours', by: 'powertools', most: 1 },
  { figure: 'warmP50Ms', of: 'remembering', by: 'powertools' },
  { figure: 'memoryMiB', of: 'ours', by: 'hand-written', most: 1.15 },
  { figure: 'memoryMiB', of: 'remembering', by: 'powertools', most: 1 },
];

const figureNames = {
  totalMs: 'init + first request',
  firstMs: 'first request',
  warmP50Ms: 'warm p50',
  memoryMiB: 'peak memory',
};
const variantNames = { empty: 'empty handler', 'hand-written': 'hand-written', powertools: 'Powertools' };

/** The ratios that the bench is about, each with its target. */
export function compare(measured: readonly Measured[]): Figure[] {
  function median(name: VariantName, figure: keyof Measurement): number {
    const rounds = measured.find(({ variant }) => variant.name === name)?.rounds ?? [];
    return quantile(
      rounds.map((round) => round[figure]),
      0.5,
    );
  }
  return comparisons.map(({ figure, of, by, ...target }) => ({
    name: `${figureNames[figure]}${of === 'remembering' ? ', with the table' : ''} ÷ ${variantNames[by]}`,
    value: median(of, figure) / median(by, figure),
    ...target,
  }));
}

/** The medians as a Markdown table, with quartiles in brackets. */
export function formatMedians(measured: readonly Measured[]): string {
  const columns: [keyof Measurement, string, number][] = [
    ['initMs', 'init, ms', 0],
    ['firstMs', 'first request, ms', 1],
    ['totalMs', 'both, ms', 0],
    ['memoryMiB', 'peak memory, MiB', 1],
    ['warmP50Ms', 'warm p50, ms', 2],
    ['warmP99Ms', 'warm p99, ms', 2],
  ];
  return table(
    ['function', 'bundle, kB', ...columns.map(([, title]) => title)],
    measured.map(({ variant: { description, bytes }, rounds }) => [
      description,
      bytes === undefined ? '–' : (bytes / 1000).toFixed(bytes < 1000 ? 1 : 0),
      ...columns.map(([figure, , digits]) => {
        const values = rounds.map((round) => round[figure]);
        const [lower, median, upper] = [0.25, 0.5, 0.75].map((q) => quantile(values, q).toFixed(digits));
        return `${median} (${lower}–${upper})`;
      }),
    ]),
  );
}
