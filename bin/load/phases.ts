import { simulatedCredentials } from '../stand-ins/begini/begini-simulator.ts';
import type { LambdaEnvironment } from '../stand-ins/lambda/lambda-environment.ts';
import { type Holdings, probe } from './measured-function.ts';
import { type Client, startLoad } from './start-load.ts';
import { clientOf, type Received, type Testbed } from './testbed.ts';

/** One part of the load, and what is expected of it. */
export type Phase = {
  name: string;
  requests: number;
  /** Sets up the vendor before the phase starts. */
  prepare(testbed: Testbed): void;
  /** What sends requests to a function; by default a loan app. */
  client?(environment: LambdaEnvironment, testbed: Testbed): Client;
  /** The expected answer: a status, with the code of a problem. */
  expected: string;
  /** What is wrong beside the answers, in words, when the last was received. */
  check?(): string[];
};

/** The result of one phase. */
export type PhaseResult = {
  phase: Phase;
  functions: number;
  /** How many answers there were of each kind, as in `502 vendor_error`. */
  outcomes: Record<string, number>;
  /** Requests without an answer in the time that API Gateway waits. */
  unanswered: number;
  received: Received;
  /** What was wrong beside the answers. */
  faults: string[];
  /** What the first function held, each sample with the number of requests before it. */
  samples: { requests: number; holdings: Holdings }[];
};

/** How many requests a function answers between two samples. */
const requestsPerSample = 1_000;

/** Sends a phase's requests to the functions side by side. */
export async function runPhase(
  phase: Phase,
  environments: readonly LambdaEnvironment[],
  testbed: Testbed,
  { signal, onSample }: { signal: AbortSignal; onSample?: (phase: Phase, requests: number) => void },
): Promise<PhaseResult> {
  phase.prepare(testbed);
  const before = testbed.received();
  const samples: PhaseResult['samples'] = [];
  let sentToFirst = 0;
  const sample = async (environment: LambdaEnvironment) => {
    const { holdings } = await probe(environment);
    samples.push({ requests: sentToFirst, holdings });
  };
  const clients = environments.map((environment, index) => {
    const client = phase.client?.(environment, testbed) ?? clientOf(environment);
    if (index > 0) return client;
    return async () => {
      if (sentToFirst % requestsPerSample === 0) {
        await sample(environment);
        onSample?.(phase, load.sent);
      }
      sentToFirst += 1;
      return await client();
    };
  });
  const load = startLoad(clients, { requests: phase.requests, signal });
  const requests = await load.ended;
  if (environments[0] && !signal.aborted) await sample(environments[0]);

  const outcomes = requests.map(({ outcome }) => outcome).filter((outcome) => outcome !== undefined);
  const received = Object.entries(testbed.received()).map(([what, count]) => [
    what,
    count - before[what as keyof Received],
  ]);
  return {
    phase,
    functions: environments.length,
    outcomes: Object.fromEntries(
      [...Map.groupBy(outcomes, (outcome) => outcome)].map(([outcome, { length }]) => [outcome, length]),
    ),
    unanswered: phase.requests - outcomes.length,
    received: Object.fromEntries(received),
    faults: phase.check?.() ?? [],
    samples,
  };
}

/** The healthy vendor. */
export const normalVendor = (requests: number): Phase => ({
  name: 'normal',
  requests,
  prepare: ({ vendor }) => vendor.setFault({ fault: 'none' }),
  expected: '302',
});

/** The vendor's problems, one after the other. */
export const vendorInTrouble = (requests: number): Phase[] => [
  {
    name: 'slow: 300 ms',
    requests,
    prepare: ({ vendor }) => vendor.setFault({ fault: 'slow', delayMs: 300 }),
    expected: '302',
  },
  {
    name: 'failing: 500',
    requests,
    prepare: ({ vendor }) => vendor.setFault({ fault: 'status', status: 500 }),
    expected: '502 vendor_error',
  },
  {
    name: 'key renewed, the old one refused',
    requests,
    prepare({ vendor, secretsManager }) {
      const renewed = { ...simulatedCredentials, apiKey: 'renewed-under-load' };
      vendor.setFault({ fault: 'none' });
      vendor.changeCredentials(renewed);
      secretsManager.putValue('credentials', JSON.stringify(renewed));
    },
    expected: '302',
  },
];
