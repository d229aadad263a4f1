import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { baselinesFolder } from '../../bin/bench/install.ts';
import { type Measured, type Measurement, measure } from '../../bin/bench/measure.ts';
import { compare, formatMedians } from '../../bin/bench/report.ts';
import { buildVariant, type Variant, type VariantName, variantNames } from '../../bin/bench/variants.ts';
import { missedTargets } from '../../bin/load/figures.ts';
import { startTestbed, type Testbed } from '../../bin/load/testbed.ts';

const few = { requests: { before: 1, measured: 3 } };

let testbed: Testbed;
let folder: string;
beforeAll(async () => {
  testbed = await startTestbed();
  folder = await mkdtemp(join(tmpdir(), 'begini-session-bench-'));
}, 120_000);
afterAll(() => testbed.close());

/** Builds a variant that needs no other packages, and measures two rounds; with the calls that they made. */
async function measureOne(name: VariantName) {
  const variant = await buildVariant(name, baselinesFolder, folder);
  const count = () => [
    testbed.vendor.requests.length,
    testbed.secretsManager.requests.length,
    testbed.tableCalls,
  ];
  const before = count();
  const [measured] = await measure([{ variant, testbed }], 2, few);
  return { measured, calls: count().map((calls, index) => calls - (before[index] ?? 0)) };
}

// Each round starts a cold function for one request, and a warm one for four.
test.each<[VariantName, number, number, number]>([
  ['empty', 0, 0, 0],
  ['hand-written', 10, 4, 0],
  ['ours', 10, 4, 0],
  ['remembering', 10, 4, 20],
])(
  '%s is measured cold and warm, with its calls to Begini, Secrets Manager and the table',
  async (name, ...calls) => {
    const { measured, calls: made } = await measureOne(name);
    expect(made.slice(0, 2)).toEqual(calls.slice(0, 2));
    // A machine that takes longer than a call's time limit repeats it.
    expect(made[2]).toBeGreaterThanOrEqual(calls[2] ?? 0);
    for (const round of measured?.rounds ?? []) {
      expect(Object.values(round).every((value) => value > 0)).toBe(true);
      expect(round.totalMs).toBeCloseTo(round.initMs + round.firstMs);
    }
    expect(measured?.rounds).toHaveLength(2);
  },
  120_000,
);

test('a variant that does not answer 302 is not measured', async () => {
  const variant = await buildVariant('hand-written', baselinesFolder, folder);
  testbed.vendor.setFault({ fault: 'status', status: 500 });
  await expect(measure([{ variant, testbed }], 1, few)).rejects.toThrow('instead of 302');
  testbed.vendor.setFault({ fault: 'none' });
}, 120_000);

/** Every variant with one round in which each figure is 100, but for those given. */
const results = (changes: Partial<Record<VariantName, Partial<Measurement>>> = {}): Measured[] =>
  variantNames.map((name) => ({
    variant: { name, description: name, bytes: 100 } as Variant,
    rounds: [
      {
        initMs: 100,
        firstMs: 100,
        totalMs: 100,
        memoryMiB: 100,
        warmP50Ms: 100,
        warmP99Ms: 100,
        ...changes[name],
      },
    ],
  }));
const fast = { firstMs: 10, totalMs: 50 };

test('a service that is slower than its targets, beside hand-written and Powertools, fails', () => {
  expect(missedTargets(compare(results({ ours: fast, remembering: fast })))).toEqual([]);
  const slow = results({ ours: { ...fast, totalMs: 160 }, remembering: fast });
  expect(missedTargets(compare(slow)).map(({ name }) => name)).toEqual([
    'init + first request ÷ hand-written',
    'init + first request ÷ Powertools',
  ]);
});

test('the ratio to an empty handler is shown without a target', () => {
  const toEmpty = compare(results({ ours: fast, remembering: fast, empty: { totalMs: 1 } })).filter(
    ({ name }) => name.endsWith('empty handler'),
  );
  expect(toEmpty).toEqual([
    { name: 'init + first request ÷ empty handler', value: 50 },
    { name: 'init + first request, with the table ÷ empty handler', value: 50 },
  ]);
});

test('the medians are shown as a table with their quartiles', () => {
  const [empty] = results();
  const rounds = [1, 2, 3, 4, 5].map((initMs) => ({ ...(empty?.rounds[0] as Measurement), initMs }));
  const [, , row] = formatMedians([{ variant: empty?.variant as Variant, rounds }]).split('\n');
  expect(row).toMatch(/^\| empty \| 0\.1 \| 3 \(2–4\) \| 100\.0 \(100\.0–100\.0\) \|/);
});
