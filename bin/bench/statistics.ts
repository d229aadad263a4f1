/** The value below which the share `q` (0 to 1) of `values` lies, between neighbours in proportion. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** A median and the quartiles around it. */
export type Spread = { median: number; lower: number; upper: number };

/** The middle of `values` and of its halves. */
export function spread(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), lower: quantile(values, 0.25), upper: quantile(values, 0.75) };
}

/** The ratio of two medians, with the quartiles of the ratios of the single rounds. */
export function ratio(above: readonly number[], below: readonly number[]): Spread {
  const rounds = above.map((value, round) => value / (below[round] ?? Number.NaN));
  return { ...spread(rounds), median: quantile(above, 0.5) / quantile(below, 0.5) };
}
