import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { faultHelp } from '../../../bin/stand-ins/begini/begini-faults.ts';
import { expectGeneratedBlock } from '../../support/generated-block.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';
import type { MatrixRow, State } from './faults.ts';
import type { Played } from './play.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time.
const { faultMatrix, resultRoute, states } = await import('./faults.ts');
const { playAll } = await import('./play.ts');
const { tableFaults } = await import('../../../bin/stand-ins/dynamodb/dynamodb.ts');
const { sqsFaults } = await import('../../../bin/stand-ins/sqs/sqs.ts');

/** Twice the moment that a function takes to see whether an idle connection is dead. */
const toleranceMs = 10;

let played: Map<MatrixRow, Record<State, Played>>;
beforeAll(async () => {
  played = await playAll(faultMatrix);
});
afterAll(() => time.restore());

describe.each(
  faultMatrix.map((row) => [`${row.side} ${row.fault}`, row.call ?? 'POST /sessions', row] as const),
)('%s: %s', (_fault, call, row) => {
  const ofRow = () => played.get(row) as Record<State, Played>;
  const inStates = <T>(of: (state: Played) => T) => states.map((state) => of(ofRow()[state]));

  test('answers with the status and code of the matrix, and makes its calls', () => {
    expect(inStates(({ outcome }) => outcome)).toEqual(states.map((state) => row[state]));
  });

  test('answers in the time that the deadlines give', () => {
    for (const durationMs of inStates((state) => state.durationMs)) {
      expect(durationMs).toBeLessThanOrEqual(row.waitMs + toleranceMs);
    }
  });

  test('serves the next request', () => {
    const status = { 'POST /launch-links': 201, [resultRoute]: 200 }[call as string] ?? 302;
    expect(inStates(({ nextStatus }) => nextStatus)).toEqual(states.map(() => status));
  });
});

test('no result is answered 200 that is not in the queue', () => {
  const results = faultMatrix.filter(({ call }) => call === resultRoute);
  const answered = results
    .flatMap((row) => Object.values(played.get(row) ?? {}))
    .filter(({ outcome }) => outcome.startsWith('200'));
  expect(answered.length).toBeGreaterThan(results.length / 2);
  expect(answered.filter(({ stored }) => stored === 0)).toEqual([]);
});

test.each([
  ['Begini', Object.keys(faultHelp).filter((name) => name !== 'none')],
  ['DynamoDB', tableFaults],
  ['SQS', sqsFaults],
])('the rows have every fault that the stand-in for %s plays', (side, faults) => {
  const ofSide = faultMatrix.filter((row) => row.side === side);
  const names = ofSide.map(({ fault }) => /\(`([\w-]+)`/.exec(fault)?.[1]);
  expect(names).toEqual(expect.arrayContaining([...faults]));
});

test('.github/PROOF.md shows them', () => {
  expectGeneratedBlock('.github/PROOF.md', 'fault matrix', asMarkdown(faultMatrix));
});

/** A row for all faults of one side that come to the same. A cell repeats no answer of the cell before it. */
function asMarkdown(rows: readonly MatrixRow[]): string {
  const seconds = (ms: number) => `${ms / 1_000} s`;
  const cellsOf = (row: MatrixRow) => [
    ...states.map((state, index) => {
      const [, answer = '', calls = ''] = /^(.*) (.*)$/.exec(row[state]) ?? [];
      const before = states[index - 1];
      const isRepeated = before !== undefined && row[before].startsWith(`${answer} `);
      return isRepeated ? calls : `${answer.replace(/[a-z]\w+/, '`$&`')} ${calls}`;
    }),
    row.waitMs === 0 ? '–' : seconds(row.waitMs),
    row.rememberedMs ? `after ${seconds(row.rememberedMs)}` : 'at once',
  ];
  const groups = Map.groupBy(rows, (row) => [row.side, row.call, ...cellsOf(row)].join());
  const lines = [...groups.values()].map((group) => {
    const [first = {} as MatrixRow] = group;
    const faults = group.map(({ fault }) => fault).join('; ');
    const { side, call } = first;
    const request = call === resultRoute ? ', a result' : call ? `, \`${call}\`` : '';
    return [`${side} ${faults}${request}`, ...cellsOf(first)];
  });
  const header = ['fault', ...states, 'waits at most', 'serves again'];
  return [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
