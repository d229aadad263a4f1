import { expect, test } from '@jest/globals';
import { faultsOf, growth } from '../../bin/load/judge.ts';
import { normalVendor, type PhaseResult } from '../../bin/load/phases.ts';
import { eventsInTrouble } from '../../bin/load/results-phase.ts';
import { runLoad } from '../../bin/load/run-load.ts';
import { startLoad } from '../../bin/load/start-load.ts';
import type { Testbed } from '../../bin/load/testbed.ts';
import type { LambdaEnvironment } from '../../bin/stand-ins/lambda/lambda-environment.ts';
import type { Sqs } from '../../bin/stand-ins/sqs/sqs.ts';
import { bundleOnce } from '../support/lambda.ts';

const nothing = { vendorCalls: 0, vendorConnections: 0, secretReads: 0, tableCalls: 0, queueCalls: 0 };

/** A result without faults; `heapMiB` of each sample, one for every thousand requests. */
const resultOf = (heapMiB: number[], changes: Partial<PhaseResult> = {}): PhaseResult => ({
  phase: normalVendor((heapMiB.length - 1) * 1_000),
  functions: 1,
  outcomes: { 302: (heapMiB.length - 1) * 1_000 },
  unanswered: 0,
  received: nothing,
  faults: [],
  samples: heapMiB.map((heap, index) => ({
    requests: index * 1_000,
    holdings: { heapMiB: heap, residentMiB: 100, sockets: 3, listeners: 36 },
  })),
  ...changes,
});

test('each client has one request in progress at most, and all together send what the load allows', async () => {
  const inProgress = [0, 0];
  let most = 0;
  const clients = inProgress.map((_none, index) => async () => {
    inProgress[index] = (inProgress[index] ?? 0) + 1;
    most = Math.max(most, ...inProgress);
    await Promise.resolve();
    inProgress[index] = (inProgress[index] ?? 0) - 1;
    return { statusCode: 302, body: '' };
  });
  const requests = await startLoad(clients, { requests: 9 }).ended;
  expect(requests.map(({ number }) => number).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(1);
});

test('a request has the kind of its answer, and none if it failed', async () => {
  const answers = [
    async () => ({ statusCode: 302, body: '' }),
    async () => ({ statusCode: 503, body: '{"code":"vendor_busy"}' }),
    () => Promise.reject(new Error('connection lost')),
  ];
  let next = 0;
  const client = () => (answers[next++] ?? answers[0])?.() as Promise<{ statusCode: number; body: string }>;
  const load = startLoad([client]);
  await load.answers(1, ({ number }) => number === answers.length);
  const requests = await load.stop();
  expect(requests.slice(0, 3).map(({ outcome }) => outcome)).toEqual(['302', '503 vendor_busy', undefined]);
});

test('a small load gets all its answers, and leaves nothing open in the functions', async () => {
  const results = await runLoad({
    bundleFolders: {
      'create-session': await bundleOnce('create-session'),
      'receive-result': await bundleOnce('receive-result'),
    },
    soakRequests: 50,
    events: 60,
    troubleRequests: 6,
    functions: 2,
    signal: new AbortController().signal,
  });
  expect(results.flatMap(faultsOf)).toEqual([]);
  expect(results.map(({ outcomes }) => outcomes)).toEqual([
    { 302: 50 },
    { 200: 60 },
    { 302: 6 },
    { 302: 6 },
    { '502 vendor_error': 6 },
    { 302: 6 },
  ]);
  // Two refused tries for one event in ten, which Begini repeats.
  expect(results[1]?.received.queueCalls).toBeGreaterThanOrEqual(60 + 6 * 2);
  // A renewed key costs each function one refused call and one read.
  expect(results.at(-1)).toMatchObject({ received: { vendorCalls: 8, secretReads: 2 } });
  // Two calls a request; a machine that takes longer than a call's time limit repeats it.
  expect(results.at(-1)?.received.tableCalls).toBeGreaterThanOrEqual(12);
}, 120_000);

test.each([
  [200, ['1 answers were 200 without the event in the queue, or the other way round', '1 events were lost']],
  [503, ['1 events were lost']],
])(
  'an event that is answered %i by a function that puts nothing in the queue is a fault',
  async (statusCode, faults) => {
    const phase = eventsInTrouble(1);
    const environment = { invoke: async () => ({ statusCode, body: '{}' }) } as unknown as LambdaEnvironment;
    const sqs = { messages: () => [] } as unknown as Sqs;
    await phase.client?.(environment, { sqs } as Testbed)();
    expect(phase.check?.()).toEqual(faults);
  },
);

test('growth is measured per 10,000 requests, after a function is warm', () => {
  const heaps = [50, 20, 20.1, 20.2, 20.3, 20.4, 20.5, 20.6, 20.7, 20.8];
  expect(growth(resultOf(heaps), 'heapMiB')).toBeCloseTo(1);
  expect(growth(resultOf([20, 20]), 'heapMiB')).toBeUndefined();
});

test('a good load has no faults', () => {
  expect(faultsOf(resultOf([50, ...Array(10).fill(20)]))).toEqual([]);
});

test('a missing answer, a wrong answer, a new connection, a leak, an extra socket and a lost event are faults', () => {
  const steady = Array(11).fill(20);
  const [first, ...others] = resultOf(steady).samples;
  const grown = others.map((sample) => ({ ...sample, holdings: { ...sample.holdings, sockets: 4 } }));
  const faults = [
    resultOf(steady, { unanswered: 1 }),
    resultOf(steady, { outcomes: { 302: 9_999, '500 internal_error': 1 } }),
    resultOf(steady, { received: { ...nothing, vendorConnections: 1 } }),
    resultOf(steady.map((heap, index) => heap + index)),
    resultOf(steady, { samples: first ? [first, ...grown] : [] }),
    resultOf(steady, { faults: ['3 events were lost'] }),
  ].flatMap(faultsOf);
  expect(faults).toEqual([
    expect.stringContaining('1 requests were not answered'),
    expect.stringContaining('500 internal_error'),
    expect.stringContaining('1 new connections to Begini'),
    expect.stringContaining('the heap grew by 10.00 MiB'),
    expect.stringContaining('the number of sockets grew'),
    'normal: 3 events were lost',
  ]);
});
