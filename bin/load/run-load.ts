import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LambdaEnvironment } from '../stand-ins/lambda/lambda-environment.ts';
import { wrapFunction } from './measured-function.ts';
import { normalVendor, type Phase, type PhaseResult, runPhase, vendorInTrouble } from './phases.ts';
import { eventsInTrouble } from './results-phase.ts';
import { clientOf, startTestbed } from './testbed.ts';

/** How much load there is. */
export type LoadOptions = {
  /** The folder of each function's bundle. */
  bundleFolders: Record<'create-session' | 'receive-result', string>;
  /** To one function, with a normal vendor. */
  soakRequests: number;
  /** Events of Begini, to one function. */
  events: number;
  /** With each problem of the vendor, to all functions together. */
  troubleRequests: number;
  functions: number;
  /** Ends the load early. */
  signal: AbortSignal;
  /** Called from time to time, with how many requests of the phase were sent. */
  onSample?: (phase: Phase, requests: number) => void;
};

/**
 * Sends the load to functions, each in its own process, with the table of sessions. If the signal ends it, the phases
 * that had not started have no result.
 */
export async function runLoad(options: LoadOptions): Promise<PhaseResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'begini-session-load-'));
  const wrapped = (name: keyof LoadOptions['bundleFolders']) => {
    wrapFunction(options.bundleFolders[name], join(folder, name));
    return join(folder, name);
  };
  const createSession = wrapped('create-session');
  const { soakRequests, events, troubleRequests, functions } = options;
  const trouble = [normalVendor(troubleRequests), ...vendorInTrouble(troubleRequests)];
  try {
    return [
      ...(await runOn(1, [normalVendor(soakRequests)], createSession, options)),
      ...(await runOn(1, [eventsInTrouble(events)], wrapped('receive-result'), options)),
      ...(await runOn(functions, trouble, createSession, options)),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runOn(
  functions: number,
  phases: readonly Phase[],
  folder: string,
  options: LoadOptions,
): Promise<PhaseResult[]> {
  const testbed = await startTestbed();
  const environments: LambdaEnvironment[] = [];
  const results: PhaseResult[] = [];
  try {
    while (environments.length < functions && !options.signal.aborted)
      environments.push(await testbed.start(folder, { remembers: true }));
    for (const environment of environments) {
      await (phases[0]?.client?.(environment, testbed) ?? clientOf(environment))(); // Warm from here on.
    }
    for (const phase of phases) {
      if (options.signal.aborted) break;
      results.push(await runPhase(phase, environments, testbed, options));
    }
    return results;
  } finally {
    await Promise.all(environments.map((environment) => environment.stop()));
    await testbed.close();
  }
}
