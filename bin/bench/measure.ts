import { quantile } from './statistics.ts';
import { sessionEvent, type Testbed } from './testbed.ts';
import type { Variant, VariantName, WarmAnswer, WarmName } from './variants.ts';

/** One cold start: milliseconds, and MiB at the peak. */
export type ColdStart = {
  initMs: number;
  firstMs: number;
  secondMs: number;
  totalMs: number;
  memoryMiB: number;
};

/** One warm function: milliseconds per request inside the handler. */
export type WarmRun = { p50Ms: number; p99Ms: number };

/** The results of all rounds, in order. */
export type Measurements = {
  cold: Record<VariantName, ColdStart[]>;
  warm: Record<WarmName, WarmRun[]>;
};

/** Invocations before a function counts as warm, and measured ones: as many as a function may get in its lifetime. */
const warmUpRequests = 50;
const warmRequests = 300;

type MeasureOptions = {
  testbed: Testbed;
  variants: readonly Variant[];
  /** The folder of each warm function. */
  warm: Record<WarmName, string>;
  rounds: number;
};

/** Measures every variant once in each round, so that a disturbance of the machine affects all variants. */
export async function measure({ testbed, variants, warm, rounds }: MeasureOptions): Promise<Measurements> {
  const cold = Object.fromEntries(variants.map(({ name }) => [name, []])) as unknown as Measurements['cold'];
  const measurements: Measurements = {
    cold,
    warm: { ours: [], bare: [], remembering: [], 'three-bare': [], 'sdk-writes': [] },
  };
  for (let round = 1; round <= rounds; round += 1) {
    for (const variant of variants) cold[variant.name].push(await coldStart(testbed, variant));
    for (const [name, folder] of Object.entries(warm) as [WarmName, string][]) {
      measurements.warm[name].push(await warmRun(testbed, folder, name));
    }
    console.error(`round ${round} of ${rounds}`);
  }
  return measurements;
}

async function coldStart({ start }: Testbed, { folder, remembers }: Variant): Promise<ColdStart> {
  const environment = await start(folder, { remembers });
  try {
    const { initMs } = environment;
    const firstMs = await timed(() => environment.invoke(sessionEvent()));
    const secondMs = await timed(() => environment.invoke(sessionEvent()));
    const memoryMiB = environment.peakMemoryKiB() / 1024;
    return { initMs, firstMs, secondMs, totalMs: initMs + firstMs, memoryMiB };
  } finally {
    await environment.stop();
  }
}

async function warmRun({ start }: Testbed, folder: string, name: WarmName): Promise<WarmRun> {
  const environment = await start(folder, { remembers: name !== 'ours' && name !== 'bare' });
  const durations: number[] = [];
  try {
    for (let request = 0; request < warmUpRequests + warmRequests; request += 1) {
      const { statusCode, durationMs } = (await environment.invoke(sessionEvent())) as WarmAnswer;
      if (statusCode !== 302) throw new Error(`The answer was ${statusCode}`);
      if (request >= warmUpRequests) durations.push(durationMs);
    }
    return { p50Ms: quantile(durations, 0.5), p99Ms: quantile(durations, 0.99) };
  } finally {
    await environment.stop();
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}
