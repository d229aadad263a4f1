/** One number the drill measured; `most` is the target, if there is one. */
export type Figure = { name: string; value: number; most?: number };

/** The figures that miss their target. */
export function missedTargets(figures: readonly Figure[]): Figure[] {
  return figures.filter(({ value, most }) => most !== undefined && value > most);
}

/** The figures as lines of a table. */
export function formatFigures(figures: readonly Figure[]): string {
  return figures
    .map(({ name, value, most }) => {
      const target = most === undefined ? '' : `   at most ${most}${value > most ? '   MISSED' : ''}`;
      return `  ${name.padEnd(52)}${String(value).padStart(6)}${target}`;
    })
    .join('\n');
}
