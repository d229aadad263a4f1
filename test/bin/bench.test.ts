import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { baselinesFolder } from '../../bin/bench/install.ts';
import { type Measured, type Measurement, measure } from '../../bin/bench/measure.ts';
import { compare, distancesMs, formatMedians } from '../../bin/bench/report.ts';
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

/** Builds a variant that needs no other packages, and measures one round; with the calls that it made. */
async function measureOne(name: VariantName) {
  const variant = await buildVariant(name, baselinesFolder, folder);
  const count = () => Object.values(testbed.received());
  const before = count();
  const [measured] = await measure([{ variant, testbed }], 1, few);
  return { measured, calls: count().map((calls, index) => calls - (before[index] ?? 0)) };
}

// A round starts a cold function for two requests, and a warm one for four.
test.each<[VariantName, number, number, number, number, number]>([
  ['empty', 0, 0, 0, 0, 0],
  ['hand-written', 6, 2, 2, 0, 0],
  ['hand-written-early', 6, 2, 2, 0, 0],
  ['ours', 6, 2, 2, 0, 0],
  ['remembering', 6, 2, 2, 12, 0],
  ['receiving', 0, 0, 4, 0, 6],
  ['bare-post', 0, 0, 0, 0, 6],
])(
  '%s is measured cold and warm, with its calls and connections to Begini, and its calls to Secrets Manager, the table and SQS',
  async (name, ...calls) => {
    const { measured, calls: made } = await measureOne(name);
    expect(made[0]).toBe(calls[0]);
    expect(made.map(Boolean)).toEqual(calls.map(Boolean));
    // A machine that takes longer than a time limit connects or calls again.
    for (const [side, count] of made.entries()) expect(count).toBeGreaterThanOrEqual(calls[side] ?? 0);
    const [round = {} as Measurement] = measured?.rounds ?? [];
    expect(Object.values(round).every((value) => value > 0)).toBe(true);
    expect(round.totalMs).toBeCloseTo(round.initMs + round.firstMs);
  },
  120_000,
);

test('a variant at a distance waits for its round trips, three of them for a new connection', async () => {
  const distance = { vendorMs: 100, awsMs: 10 };
  const distant = await startTestbed({ distance });
  try {
    const variant = await buildVariant('hand-written', baselinesFolder, folder);
    const [measured] = await measure([{ variant, testbed: distant }], 2, few);
    expect(measured?.rounds).toHaveLength(2);
    const { firstMs = 0, secondMs = 0, warmP50Ms } = measured?.rounds[0] ?? {};
    // A timer may end a millisecond early.
    expect(firstMs).toBeGreaterThan(3 * (distance.vendorMs + distance.awsMs) - 15);
    expect(secondMs).toBeGreaterThan(distance.vendorMs - 5);
    expect(warmP50Ms).toBeUndefined();
  } finally {
    await distant.close();
  }
}, 120_000);

test('a variant that does not answer as expected is not measured', async () => {
  const variant = await buildVariant('hand-written', baselinesFolder, folder);
  testbed.vendor.setFault({ fault: 'status', status: 500 });
  await expect(measure([{ variant, testbed }], 1, few)).rejects.toThrow('instead of 302');
  testbed.vendor.setFault({ fault: 'none' });
  const receiver = await buildVariant('receiving', baselinesFolder, folder);
  testbed.sqs.fail('deny');
  await expect(measure([{ variant: receiver, testbed }], 1, few)).rejects.toThrow('instead of 200');
  testbed.sqs.fail('none');
}, 120_000);

/** Every variant with one round in which each figure is 100, but for those given. */
const results = (
  changes: Partial<Record<VariantName, Partial<Measurement>>> = {},
  vendorMs = 0,
): Measured[] =>
  variantNames.map((name) => ({
    variant: { name, description: name, bytes: 100 } as Variant,
    vendorMs,
    rounds: [
      {
        initMs: 100,
        firstMs: 100,
        secondMs: 100,
        totalMs: 100,
        memoryMiB: 100,
        warmP50Ms: 100,
        warmP99Ms: 100,
        ...changes[name],
      },
    ],
  }));
const everywhere = (changes: Parameters<typeof results>[0]) =>
  distancesMs.flatMap((vendorMs) => results(changes, vendorMs));
const fast = { firstMs: 10, totalMs: 50 };
const receiving = { totalMs: 50 };

test('a service that is slower than its targets, beside hand-written and Powertools, fails', () => {
  expect(missedTargets(compare(everywhere({ ours: fast, remembering: fast, receiving })))).toEqual([]);
  const slow = everywhere({
    ours: { ...fast, totalMs: 160, firstMs: 40, secondMs: 30 },
    remembering: fast,
    receiving: { totalMs: 161, warmP50Ms: 201 },
  });
  expect(missedTargets(compare(slow)).map(({ name }) => name)).toEqual([
    'init + first request ÷ hand-written',
    'init + first request ÷ Powertools',
    'init + first request, of a result ÷ that of a session',
    'warm p50, of a result ÷ the SDK alone',
    'init + first request ÷ hand-written that connects during init, 40 ms from Begini',
    'init + first request ÷ Powertools, 40 ms from Begini',
    'first ÷ second request, 40 ms from Begini',
    'init + first request ÷ hand-written that connects during init, 120 ms from Begini',
  ]);
});

test('the ratio to an empty handler, less three round trips at a distance, is shown without a target', () => {
  const toEmpty = compare([
    ...results({ ours: fast, remembering: fast, empty: { totalMs: 1 } }),
    ...results({ ours: { totalMs: 220 } }, 40),
    ...results({ ours: { totalMs: 510 } }, 120),
  ]).filter(({ name }) => name.includes('empty handler'));
  expect(toEmpty).toEqual([
    { name: 'init + first request ÷ empty handler', value: 50 },
    { name: 'init + first request, with the table ÷ empty handler', value: 50 },
    { name: '(init + first request − 3 round trips) ÷ empty handler, 40 ms from Begini', value: 1 },
    { name: '(init + first request − 3 round trips) ÷ empty handler, 120 ms from Begini', value: 1.5 },
  ]);
});

test('the medians are shown as a table with their quartiles', () => {
  const [empty] = results();
  const rounds = [1, 2, 3, 4, 5].map((initMs) => ({ ...(empty?.rounds[0] as Measurement), initMs }));
  const [, , row] = formatMedians([{ variant: empty?.variant as Variant, vendorMs: 0, rounds }]).split('\n');
  expect(row).toMatch(/^\| empty \| 0\.1 \| 3 \(2–4\) \| 100\.0 \(100\.0–100\.0\) \|/);
});
