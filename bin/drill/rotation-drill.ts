import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type LocalService, startLocalServiceOnFreePorts } from '../local/local-service.ts';
import { simulatedCredentials } from '../stand-ins/begini/begini-simulator.ts';
import type { Figure } from './figures.ts';
import { startLoad } from './load.ts';

/** How long each part of a drill lasts. */
export type DrillOptions = {
  requestsPerSecond: number;
  /** Load before the key is renewed and after all is done, in ms. */
  calmMs: number;
  /** How long both keys work, in ms: longer than the operator's command takes. */
  overlapMs: number;
  /** How long the old key has been invalid before the operator's command is run, in ms. */
  refusedMs: number;
};

/** Long enough to see the one call in 15 s with which a function checks whether Begini still refuses the key. */
export const drillDefaults: DrillOptions = {
  requestsPerSecond: 50,
  calmMs: 2_000,
  overlapMs: 6_000,
  refusedMs: 17_000,
};

/** The cache's own numbers (functions/credentials/credentials-cache.ts), which the drill verifies. */
const forcedReadIntervalMs = 1_000;
const refusedCallIntervalMs = 15_000;
/** How long a new pair may take to reach the applicants. */
const graceMs = 1_000;

const renewed = { ...simulatedCredentials, apiKey: 'renewed-in-the-drill' };

/** A planned renewal: Begini accepts both keys for a moment, and the operator is faster. */
export async function drillOverlap(options: DrillOptions): Promise<Figure[]> {
  return await withService(async ({ service, port }) => {
    const load = startLoad(service.gateway.url, options.requestsPerSecond);
    await pause(options.calmMs);
    service.vendor.changeCredentials(renewed, { overlapMs: options.overlapMs });
    const oldKeyDead = pause(options.overlapMs);
    const exitCode = await runOperatorsCommand(port);
    await oldKeyDead;
    await pause(options.calmMs);
    const requests = await load.stop();
    const succeeded = requests.filter(({ status }) => status === 302);
    return [
      { name: 'exit code of the operator’s command', value: exitCode, most: 0 },
      { name: 'requests sent', value: requests.length },
      { name: 'answered 302', value: succeeded.length },
      { name: 'failed', value: requests.length - succeeded.length, most: 0 },
    ];
  });
}

/** A compromised key: the old one stops working at once, and the operator comes later. */
export async function drillHardCut(options: DrillOptions): Promise<Figure[]> {
  return await withService(async ({ service, port }) => {
    const load = startLoad(service.gateway.url, options.requestsPerSecond);
    await pause(options.calmMs);
    service.vendor.changeCredentials(renewed);
    // Calls in progress when the key stopped working may be refused too, not only the first one after it.
    await pause(graceMs);
    const before = countCalls(service);
    const countedFrom = Date.now();
    await pause(options.refusedMs - graceMs);
    const after = countCalls(service);
    const countedMs = Date.now() - countedFrom;

    const exitCode = await runOperatorsCommand(port);
    await pause(graceMs + options.calmMs);
    const requests = await load.stop();
    const promoted = promotedAt(service);
    const failed = requests.filter(({ status }) => status !== 302);
    const failedLate = failed.filter(({ sentAt }) => sentAt >= promoted + graceMs);
    const refused = failed.filter(({ sentAt }) => sentAt < promoted);
    return [
      { name: 'exit code of the operator’s command', value: exitCode, most: 0 },
      { name: 'requests sent', value: requests.length },
      { name: 'answered 302', value: requests.length - failed.length },
      { name: 'refused before the new pair was in use', value: refused.length },
      {
        name: 'failed in the second after that',
        value: failed.length - refused.length - failedLate.length,
      },
      { name: 'failed later', value: failedLate.length, most: 0 },
      {
        name: `forced reads in ${Math.round(countedMs / 1_000)} s of refusal`,
        value: after.secretReads - before.secretReads,
        most: Math.floor(countedMs / forcedReadIntervalMs) + 1,
      },
      {
        name: 'calls to Begini in that time',
        value: after.vendorCalls - before.vendorCalls,
        most: Math.ceil(countedMs / refusedCallIntervalMs),
      },
    ];
  });
}

type Drilled = { service: LocalService; port: number };

async function withService(drill: (drilled: Drilled) => Promise<Figure[]>): Promise<Figure[]> {
  const drilled = await startLocalServiceOnFreePorts();
  try {
    return await drill(drilled);
  } finally {
    await drilled.service.close();
  }
}

/** When the new pair was put in use: a successful rotation moves this label first. */
function promotedAt({ secretsManager }: LocalService): number {
  const move = secretsManager.requests.find(({ operation }) => operation === 'UpdateSecretVersionStage');
  return move?.at ?? Number.POSITIVE_INFINITY;
}

function countCalls({ vendor, secretsManager }: LocalService) {
  return {
    vendorCalls: vendor.requests.length,
    secretReads: secretsManager.requests.filter(({ operation }) => operation === 'GetSecretValue').length,
  };
}

/** Runs `npm run rotate -- --stage test --local` as an operator does, and returns its exit code. */
async function runOperatorsCommand(port: number): Promise<number> {
  const file = join(import.meta.dirname, '..', 'rotate-credentials.ts');
  const child = spawn(process.execPath, [file, '--stage', 'test', '--local'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.end(JSON.stringify(renewed));
  const [exitCode] = await once(child, 'close');
  return exitCode ?? 1;
}
