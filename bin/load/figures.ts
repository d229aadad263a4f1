/** One number that was measured; `most` is the target, if there is one. */
export type Figure = { name: string; value: number; most?: number | undefined };

/** The figures that miss their target, as they are shown. */
export function missedTargets(figures: readonly Figure[]): Figure[] {
  return figures.filter((figure) => figure.most !== undefined && !(Number(show(figure)) <= figure.most));
}

/** The figures as lines, each with its target and whether it is missed. */
export function formatFigures(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ name }) => name.length));
  return figures
    .map((figure) => {
      const { name, most } = figure;
      const target = most === undefined ? '' : `   at most ${most}`;
      const verdict = missedTargets([figure]).length > 0 ? '   MISSED' : '';
      return `  ${name.padEnd(width)}  ${show(figure).padStart(6)}${target}${verdict}`;
    })
    .join('\n');
}

const show = ({ value }: Figure) => value.toFixed(Number.isInteger(value) ? 0 : 2);

/** The value below which the share `q` (0 to 1) of `values` lies, between neighbours in proportion. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** A Markdown table: the first column to the left, figures to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const alignment = header.map((_name, column) => (column === 0 ? '---' : '---:'));
  return [line(header), line(alignment), ...rows.map(line)].join('\n');
}
