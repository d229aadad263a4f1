import { cpus } from 'node:os';
import type { Bootstrap } from './install.ts';
import type { ColdStart, Measurements, WarmRun } from './measure.ts';
import { ratio, type Spread, spread } from './statistics.ts';
import type { Variant, VariantName } from './variants.ts';

/** One line of the table of targets. */
export type Target = {
  figure: string;
  measured: Spread;
  /** The limit: an upper bound, or a lower one if more is better. */
  bound: { atMost: number } | { atLeast: number };
  aim: number;
};

/** What was measured, when and on what. */
export type Report = {
  command: string;
  /** Such as `2026-11-22`. */
  date: string;
  node: string;
  bootstrap: string;
  machine: string;
  rounds: number;
  variants: readonly Omit<Variant, 'folder'>[];
  targets: readonly Target[];
  measurements: Measurements;
};

/** Computes the figures from all rounds. */
export function makeReport(
  measurements: Measurements,
  variants: readonly Variant[],
  bootstrap: Bootstrap,
): Report {
  return {
    command: 'npm run bench',
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    bootstrap: bootstrap.description,
    machine: `${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model}`,
    rounds: measurements.cold.empty.length,
    variants: variants.map(({ folder: _folder, ...variant }) => variant),
    targets: targetsOf(measurements),
    measurements,
  };
}

function targetsOf({ cold, warm }: Measurements): Target[] {
  const all = (name: VariantName, figure: keyof ColdStart) => cold[name].map((start) => start[figure]);
  const total = (above: VariantName, below: VariantName) =>
    ratio(all(above, 'totalMs'), all(below, 'totalMs'));
  const p50 = (runs: WarmRun[]) => runs.map(({ p50Ms }) => p50Ms);
  return [
    {
      figure: 'init + first request ÷ empty handler',
      measured: total('ours', 'empty'),
      bound: { atMost: 2.7 },
      aim: 2.3,
    },
    {
      figure: 'init + first request, `resume: true` ÷ empty handler',
      measured: total('remembering', 'empty'),
      bound: { atMost: 3 },
      aim: 2.6,
    },
    {
      figure: 'init + first request ÷ hand-written',
      measured: total('ours', 'hand-written'),
      bound: { atMost: 1.45 },
      aim: 1.2,
    },
    {
      figure: 'plain esbuild ESM ÷ this service',
      measured: total('plain', 'ours'),
      bound: { atLeast: 1.35 },
      aim: 1.65,
    },
    {
      figure: 'Powertools style ÷ this service',
      measured: total('powertools', 'ours'),
      bound: { atLeast: 1.25 },
      aim: 1.55,
    },
    {
      figure: 'tutorial style ÷ this service',
      measured: total('tutorial', 'ours'),
      bound: { atLeast: 2.1 },
      aim: 2.6,
    },
    {
      figure: 'first request ÷ second',
      measured: ratio(all('ours', 'firstMs'), all('ours', 'secondMs')),
      bound: { atMost: 3 },
      aim: 2,
    },
    {
      figure: 'warm p50 ÷ bare keep-alive POST',
      measured: ratio(p50(warm.ours), p50(warm.bare)),
      bound: { atMost: 1.6 },
      aim: 1.3,
    },
    {
      figure: 'warm p50, `resume: true` ÷ a POST between two writes by the AWS SDK',
      measured: ratio(p50(warm.remembering), p50(warm['sdk-writes'])),
      bound: { atMost: 1.6 },
      aim: 1.3,
    },
    {
      figure: 'peak memory ÷ empty handler',
      measured: ratio(all('ours', 'memoryMiB'), all('empty', 'memoryMiB')),
      bound: { atMost: 1.3 },
      aim: 1.2,
    },
  ];
}

/** Whether the target's bound is kept. */
export function isMet({ measured: { median }, bound }: Target): boolean {
  return 'atMost' in bound ? median <= bound.atMost : median >= bound.atLeast;
}

/** The report as bin/README.md shows it. */
export function formatReport(report: Report): string {
  const { command, date, node, bootstrap, machine, rounds } = report;
  return [
    `\`${command}\` on ${date}: Node ${node} under ${bootstrap}; ${machine}. Medians of ${rounds} interleaved rounds, quartiles in brackets; the vendor, Secrets Manager and DynamoDB are stand-ins with TLS on 127.0.0.1.`,
    coldTable(report),
    warmTable(report.measurements),
    targetTable(report.targets),
  ].join('\n\n');
}

function coldTable({ variants, measurements: { cold } }: Report): string {
  const rows = variants.map(({ name, description, bytes }) => {
    const all = (figure: keyof ColdStart) => cold[name].map((start) => start[figure]);
    const times = (figure: keyof ColdStart) =>
      ratio(
        all(figure),
        cold.empty.map((start) => start[figure]),
      ).median.toFixed(2);
    return [
      description,
      bytes === undefined ? '–' : `${(bytes / 1000).toFixed(bytes < 1000 ? 1 : 0)} kB`,
      format(spread(all('initMs')), 1),
      format(spread(all('firstMs')), 1),
      format(spread(all('totalMs')), 1),
      times('totalMs'),
      spread(all('memoryMiB')).median.toFixed(1),
      times('memoryMiB'),
    ];
  });
  return table(
    ['cold', 'bundle', 'init, ms', 'first request, ms', 'both, ms', '÷ empty', 'peak memory, MiB', '÷ empty'],
    rows,
  );
}

function warmTable({ warm }: Measurements): string {
  const columns = ['p50Ms', 'p99Ms'] as const;
  const row = (name: string, runs: WarmRun[]) => [
    name,
    ...columns.map((column) => format(spread(runs.map((run) => run[column])), 2)),
  ];
  const overhead = (name: string, above: WarmRun[], below: WarmRun[]) => [
    name,
    ...columns.map((column) => {
      const [upper, lower] = [above, below].map((runs) => spread(runs.map((run) => run[column])).median);
      return ((upper ?? Number.NaN) - (lower ?? Number.NaN)).toFixed(2);
    }),
  ];
  return table(
    ['warm, inside the handler', 'p50, ms', 'p99, ms'],
    [
      row('**this service**, `resume: false`', warm.ours),
      row('bare keep-alive POST', warm.bare),
      overhead('overhead', warm.ours, warm.bare),
      row('**this service**, `resume: true`', warm.remembering),
      row('three bare keep-alive POSTs, one after the other', warm['three-bare']),
      row('a keep-alive POST between two writes by the AWS SDK', warm['sdk-writes']),
      overhead('overhead', warm.remembering, warm['sdk-writes']),
    ],
  );
}

function targetTable(targets: readonly Target[]): string {
  const rows = targets.map((target) => {
    const { figure, measured, bound, aim } = target;
    const limit = 'atMost' in bound ? `at most ${bound.atMost}` : `at least ${bound.atLeast}`;
    return [figure, format(measured, 2), limit, String(aim), isMet(target) ? 'met' : '**missed**'];
  });
  return table(['ratio', 'measured', 'target', 'aim', ''], rows);
}

function format({ median, lower, upper }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${lower.toFixed(digits)}–${upper.toFixed(digits)})`;
}

/** A Markdown table: the first column to the left, figures to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const alignment = header.map((_name, column) => (column === 0 ? '---' : '---:'));
  return [line(header), line(alignment), ...rows.map(line)].join('\n');
}
