import type { Mutant } from './mutants.ts';

/** What became of a mutant, with the keys of the test files that it depends on: the one that found it, or all. */
export type Outcome = {
  status: 'killed' | 'timed out' | 'survived' | 'unreached';
  testKeys: string[];
  testFile?: string;
  test?: string | undefined;
};

/** A table of all files, and every mutant that no test found. */
export function report(mutants: Mutant[], outcomes: Map<string, Outcome>): string {
  const statusOf = ({ id }: Mutant) => outcomes.get(id)?.status;
  const row = (name: string, of: Mutant[]) => {
    const count = (status: Outcome['status']) => of.filter((mutant) => statusOf(mutant) === status).length;
    const killed = count('killed');
    const score = ((100 * killed) / of.length).toFixed(1);
    const counts = [of.length, killed, count('timed out'), count('survived'), count('unreached')];
    return `| ${name} | ${counts.join(' | ')} | ${score} % |`;
  };
  const left = mutants.filter(
    (mutant) => statusOf(mutant) === 'survived' || statusOf(mutant) === 'unreached',
  );
  const short = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 90);
  return [
    '| file | mutants | killed | timed out | survived | unreached | killed |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...[...new Set(mutants.map(({ file }) => file))].map((file) =>
      row(
        `\`${file}\``,
        mutants.filter((mutant) => mutant.file === file),
      ),
    ),
    row('all', mutants),
    '',
    ...left.map(
      (mutant) =>
        `${mutant.file}:${mutant.line} ${mutant.operator} (${statusOf(mutant)}): ${short(mutant.original)} -> ${short(mutant.replacement)}`,
    ),
    '',
  ].join('\n');
}
