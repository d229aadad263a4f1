import { expect, test } from '@jest/globals';
import { formatFigures, missedTargets } from '../../bin/drill/figures.ts';
import { drillHardCut, drillOverlap } from '../../bin/drill/rotation-drill.ts';

const small = { requestsPerSecond: 20, calmMs: 200, overlapMs: 4_000, refusedMs: 2_000 };
const figureOf = (figures: { name: string; value: number }[], name: string) =>
  figures.find((figure) => figure.name === name)?.value;

test('no applicant notices a renewal in which both keys work for a moment', async () => {
  const figures = await drillOverlap(small);
  expect(missedTargets(figures)).toEqual([]);
  expect(figureOf(figures, 'answered 302')).toBe(figureOf(figures, 'requests sent'));
  expect(figureOf(figures, 'answered 302')).toBeGreaterThan(0);
}, 30_000);

test('after a key stops working at once, every request succeeds one second after the new pair is in use', async () => {
  const figures = await drillHardCut(small);
  expect(missedTargets(figures)).toEqual([]);
  expect(figureOf(figures, 'answered 302')).toBeGreaterThan(0);
  expect(figureOf(figures, 'refused before the new pair was in use')).toBeGreaterThan(0);
}, 30_000);

test('a figure above its target is missed, and marked', () => {
  const figures = [
    { name: 'sent', value: 100 },
    { name: 'failed', value: 1, most: 0 },
    { name: 'reads', value: 2, most: 2 },
  ];
  expect(missedTargets(figures)).toEqual([figures[1]]);
  expect(formatFigures(figures).split('\n')).toEqual([
    expect.stringMatching(/^ {2}sent +100$/),
    expect.stringMatching(/^ {2}failed +1 {3}at most 0 {3}MISSED$/),
    expect.stringMatching(/^ {2}reads +2 {3}at most 2$/),
  ]);
});
