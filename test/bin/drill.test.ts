import { afterAll, expect, test } from '@jest/globals';
import { installVirtualTime } from '../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time.
const { formatFigures, missedTargets } = await import('../../bin/load/figures.ts');
const { drillHardCut, drillOverlap } = await import('../../bin/load/rotation-drill.ts');
const { rotatePair } = await import('../../bin/rotate/rotate-pair.ts');
const { findLocalSecret } = await import('../../bin/rotate/secret-target.ts');
const { localSecretName } = await import('../../bin/stand-ins/local-stage.ts');
type DrillOptions = Parameters<typeof drillOverlap>[0];

afterAll(() => time.restore());

/** The operator's command without its process, which would be on another time. */
const rotate: DrillOptions['rotate'] = async (pair, { service }) => {
  const { client, versions } = await findLocalSecret(service.secretsManager.url, localSecretName);
  const verdict = await rotatePair(pair, { client, versions, say: () => undefined });
  client.destroy();
  return verdict === undefined ? 0 : 1;
};
/** Few requests: between two of them, the virtual time waits until the process is quiet. */
const small: DrillOptions = { clients: 2, pauseMs: 1_500, calmRequests: 2, refusedMs: 17_000, rotate };
const figureOf = (figures: { name: string; value: number }[], name: string) =>
  figures.find((figure) => figure.name.startsWith(name))?.value;

test('no applicant notices a renewal in which both keys work for a moment', async () => {
  const figures = await drillOverlap({ ...small, pauseMs: 200 });
  expect(missedTargets(figures)).toEqual([]);
  expect(figureOf(figures, 'answered 302')).toBe(figureOf(figures, 'requests sent'));
  expect(figureOf(figures, 'answered 302')).toBeGreaterThan(2 * small.calmRequests);
  expect(figureOf(figures, 'events of Begini')).toBeGreaterThan(3);
}, 120_000);

test('after a key stops working at once, every request succeeds one second after the new pair is in use', async () => {
  const figures = await drillHardCut(small);
  expect(missedTargets(figures)).toEqual([]);
  expect(figureOf(figures, 'answered 302')).toBeGreaterThanOrEqual(2 * small.calmRequests);
  expect(figureOf(figures, 'refused before the new pair was in use')).toBeGreaterThan(12);
  expect(figureOf(figures, 'reads of the secret in')).toBeGreaterThan(8);
  expect(figureOf(figures, 'calls to Begini in that time')).toBe(1);
  // Begini signs with its new key for all the time that the old one is in use here.
  expect(figureOf(figures, 'never repeated, lost until')).toBeGreaterThan(8);
}, 120_000);

test('requests that are refused while Begini tests the new pair do not count as refused after it is in use', async () => {
  const figures = await drillHardCut({
    ...small,
    refusedMs: 1_000,
    rotate(pair, drilled) {
      drilled.service.vendor.setFault({ fault: 'slow', delayMs: 3_000, times: 1 });
      return rotate(pair, drilled);
    },
  });
  expect(missedTargets(figures)).toEqual([]);
  expect(figureOf(figures, 'refused before the new pair was in use')).toBeGreaterThan(4);
}, 120_000);

test('a figure above its target is missed, and marked', () => {
  const figures = [
    { name: 'sent', value: 100 },
    { name: 'failed', value: 1, most: 0 },
    { name: 'reads', value: 2, most: 2 },
    { name: 'ratio', value: 1.234, most: 1.2 },
    { name: 'not measured', value: Number.NaN, most: 1 },
  ];
  expect(missedTargets(figures)).toEqual([figures[1], figures[3], figures[4]]);
  expect(formatFigures(figures).split('\n')).toEqual([
    expect.stringMatching(/^ {2}sent +100$/),
    expect.stringMatching(/^ {2}failed +1 {3}at most 0 {3}MISSED$/),
    expect.stringMatching(/^ {2}reads +2 {3}at most 2$/),
    expect.stringMatching(/^ {2}ratio +1\.23 {3}at most 1\.2 {3}MISSED$/),
    expect.stringMatching(/^ {2}not measured +NaN {3}at most 1 {3}MISSED$/),
  ]);
});
