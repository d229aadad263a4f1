import { quantile } from '../load/figures.ts';
import { probe } from '../load/measured-function.ts';
import { startLoad } from '../load/start-load.ts';
import { clientOf, type RequestKind, type Testbed } from '../load/testbed.ts';
import type { LambdaEnvironment } from '../stand-ins/lambda/lambda-environment.ts';
import type { Variant } from './variants.ts';

/** One round of one subject: milliseconds, and MiB at the peak. */
export type Measurement = {
  initMs: number;
  firstMs: number;
  secondMs: number;
  /** Init and first request together: what the first applicant waits for. */
  totalMs: number;
  memoryMiB: number;
  /** Of a warm request, inside the handler; only measured without distance. */
  warmP50Ms?: number;
  warmP99Ms?: number;
};

/** A variant and the servers that it calls, at their distance. */
export type Subject = { variant: Variant; testbed: Testbed };

/** A variant at its distance from Begini, with its measurements in the order of the rounds. */
export type Measured = { variant: Variant; vendorMs: number; rounds: Measurement[] };

/** Requests before a function counts as warm, and measured ones: as many as a function may get in its lifetime. */
export const warmRequests = { before: 50, measured: 300 };

/** Measures every subject once in each round, so that a disturbance of the machine affects all of them. */
export async function measure(
  subjects: readonly Subject[],
  rounds: number,
  { requests = warmRequests, onRound = (_round: number): void => undefined } = {},
): Promise<Measured[]> {
  const measured = subjects.map(
    ({ variant, testbed: { distance } }): Measured => ({ variant, vendorMs: distance.vendorMs, rounds: [] }),
  );
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, subject] of subjects.entries()) {
      const cold = await coldStart(subject);
      const isNear = subject.testbed.distance.vendorMs === 0;
      measured[index]?.rounds.push({ ...cold, ...(isNear && (await warmRun(subject, requests))) });
    }
    onRound(round);
  }
  return measured;
}

async function coldStart({ variant, testbed }: Subject) {
  const environment = await testbed.start(variant.folder, variant);
  try {
    const { initMs } = environment;
    const firstMs = await timeOne(environment, variant);
    const memoryMiB = environment.peakMemoryKiB() / 1024;
    const secondMs = await timeOne(environment, variant);
    return { initMs, firstMs, secondMs, totalMs: initMs + firstMs, memoryMiB };
  } finally {
    await environment.stop();
  }
}

async function timeOne(environment: LambdaEnvironment, { answers }: Variant): Promise<number> {
  const startedAt = performance.now();
  await sendAll(environment, 1, answers);
  return performance.now() - startedAt;
}

async function warmRun({ variant, testbed }: Subject, requests: typeof warmRequests) {
  const environment = await testbed.start(variant.wrappedFolder, variant);
  try {
    await sendAll(environment, requests.before, variant.answers);
    await probe(environment);
    await sendAll(environment, requests.measured, variant.answers);
    const { durationsMs } = await probe(environment);
    return { warmP50Ms: quantile(durationsMs, 0.5), warmP99Ms: quantile(durationsMs, 0.99) };
  } finally {
    await environment.stop();
  }
}

const expectedOutcomes: Record<RequestKind, string> = { session: '302', result: '200' };

/** @throws Error if one is answered otherwise: a variant that fails must not look fast. */
async function sendAll(environment: LambdaEnvironment, requests: number, kind: RequestKind): Promise<void> {
  const expected = expectedOutcomes[kind];
  for (const { outcome } of await startLoad([clientOf(environment, kind)], { requests }).ended) {
    if (outcome !== expected)
      throw new Error(`A function answered ${outcome ?? 'nothing'} instead of ${expected}`);
  }
}
