import { setTimeout as pause } from 'node:timers/promises';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { gatewayTimeoutMs } from '../../functions/deadlines.ts';
import { sessionEvent, type Testbed } from '../bench/testbed.ts';
import { simulatedCredentials } from '../stand-ins/begini/begini-simulator.ts';
import { codeOf } from '../stand-ins/gateway/proxy-event.ts';
import type { LambdaEnvironment } from '../stand-ins/lambda/lambda-environment.ts';
import { type Holdings, probe } from './probed-function.ts';

/** One part of the load, and what is expected of it. */
export type Phase = {
  name: string;
  requests: number;
  /** Sets up the vendor before the phase starts. */
  prepare(testbed: Testbed): void;
  /** The expected answer: a status, with the code of a problem. */
  expected: string;
};

/** The result of one phase. */
export type PhaseResult = {
  phase: Phase;
  functions: number;
  /** How many answers there were of each kind, as in `502 vendor_error`. */
  outcomes: Record<string, number>;
  /** Requests without an answer in the time that API Gateway waits. */
  unanswered: number;
  vendorCalls: number;
  vendorConnections: number;
  secretReads: number;
  tableCalls: number;
  /** What the first function held, each sample with the number of requests before it. */
  samples: { requests: number; holdings: Holdings }[];
};

/** How many requests a function answers between two samples. */
const requestsPerSample = 1_000;

/** Sends a phase's requests to the functions side by side, each one request at a time, as Lambda does. */
export async function runPhase(
  phase: Phase,
  environments: readonly LambdaEnvironment[],
  testbed: Testbed,
  { signal, onSample }: { signal: AbortSignal; onSample?: (phase: Phase, requests: number) => void },
): Promise<PhaseResult> {
  phase.prepare(testbed);
  const before = count(testbed);
  const outcomes: Record<string, number> = {};
  const samples: PhaseResult['samples'] = [];
  let sent = 0;
  let unanswered = 0;

  async function keepBusy(environment: LambdaEnvironment, index: number): Promise<void> {
    for (let requests = 0; sent < phase.requests && !signal.aborted; requests += 1) {
      if (index === 0 && requests % requestsPerSample === 0) {
        samples.push({ requests, holdings: await probe(environment) });
        onSample?.(phase, sent);
      }
      sent += 1;
      const outcome = await outcomeOf(environment);
      if (outcome === undefined) unanswered += 1;
      else outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    if (index === 0 && !signal.aborted) samples.push({ requests: sent, holdings: await probe(environment) });
  }

  await Promise.all(environments.map(keepBusy));
  const after = count(testbed);
  return {
    phase,
    functions: environments.length,
    outcomes,
    unanswered: unanswered + phase.requests - sent,
    vendorCalls: after.vendorCalls - before.vendorCalls,
    vendorConnections: after.vendorConnections - before.vendorConnections,
    secretReads: after.secretReads - before.secretReads,
    tableCalls: after.tableCalls - before.tableCalls,
    samples,
  };
}

/** The kind of an answer; undefined if there was none. */
async function outcomeOf(environment: LambdaEnvironment): Promise<string | undefined> {
  const answered = new AbortController();
  try {
    const answer = await Promise.race([
      environment.invoke(sessionEvent()) as Promise<APIGatewayProxyResult>,
      pause(gatewayTimeoutMs, undefined, { signal: answered.signal }),
    ]);
    return answer && [answer.statusCode, codeOf(answer)].filter(Boolean).join(' ');
  } catch {
    return undefined;
  } finally {
    answered.abort();
  }
}

const count = ({ vendor, secretsManager, tableCalls }: Testbed) => ({
  vendorCalls: vendor.requests.length,
  vendorConnections: vendor.connections,
  secretReads: secretsManager.requests.length,
  tableCalls,
});

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
