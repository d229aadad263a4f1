import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { CredentialsPair } from '../../functions/credentials/credentials-pair.ts';
import { refusedMs as refusedCallIntervalMs } from '../../functions/deadlines.ts';
import { rereadIntervalMs } from '../../functions/secrets/secret-cache.ts';
import { type LocalService, startLocalServiceOnFreePorts } from '../local/local-service.ts';
import { simulatedCredentials } from '../stand-ins/begini/begini-simulator.ts';
import { localApiKey } from '../stand-ins/local-stage.ts';
import type { Figure } from './figures.ts';
import { eventFigures, startEvents } from './result-events.ts';
import { type Client, startLoad } from './start-load.ts';

/** The local service that a drill renews the key of; `port` is where the operator's command finds it. */
export type DrilledService = { service: LocalService; port: number };

/** How a drill is played. */
export type DrillOptions = {
  /** How many requests are sent at the same time. */
  clients: number;
  /** How long each client waits after an answer, and Begini between two rounds of events. */
  pauseMs: number;
  /** Answers before the key is renewed, and after all is done. */
  calmRequests: number;
  /** How long the old key has been invalid before the operator acts, in ms. */
  refusedMs: number;
  /** What the operator does to put the new pair in use. Resolves to the exit code. */
  rotate(pair: CredentialsPair, drilled: DrilledService): Promise<number>;
};

/** Long enough to see the one call in 15 s with which a function checks whether Begini still refuses the key. */
export const drillDefaults: DrillOptions = {
  clients: 10,
  pauseMs: 200,
  calmRequests: 100,
  refusedMs: 17_000,
  rotate: runOperatorsCommand,
};

/** How long a new pair may take to reach the applicants: until the next read of the secret. */
const graceMs = rereadIntervalMs;

const renewed = { ...simulatedCredentials, apiKey: 'renewed-in-the-drill' };
const refusal = '503 credentials_refused';
/** The function that creates sessions reads the current version of the secret, the one that receives results both. */
const versionsPerReread = 3;

/** A planned renewal: Begini accepts both keys until the operator is done. */
export async function drillOverlap(options: DrillOptions): Promise<Figure[]> {
  return await withService(async (drilled) => {
    const { vendor } = drilled.service;
    const sending = startEvents(drilled.service, options.pauseMs);
    const load = startDrillLoad(drilled, options);
    await load.answers(options.calmRequests);
    vendor.changeCredentials(renewed, { overlapMs: Number.POSITIVE_INFINITY });
    const exitCode = await options.rotate(renewed, drilled);
    vendor.changeCredentials(renewed); // Now the old key stops working.
    await load.answers(options.calmRequests);
    const requests = await load.stop();
    const events = await sending.stop();
    const succeeded = requests.filter(({ outcome }) => outcome === '302');
    return [
      { name: 'exit code of the operator’s command', value: exitCode, most: 0 },
      { name: 'requests sent', value: requests.length },
      { name: 'answered 302', value: succeeded.length },
      { name: 'failed', value: requests.length - succeeded.length, most: 0 },
      ...eventFigures(events, drilled.service, promotedAt(drilled.service) + graceMs),
    ];
  });
}

/** A compromised key: the old one stops working at once, and the operator comes later. */
export async function drillHardCut(options: DrillOptions): Promise<Figure[]> {
  return await withService(async (drilled) => {
    const { service } = drilled;
    const sending = startEvents(service, options.pauseMs);
    const before = startDrillLoad(drilled, options);
    await before.answers(options.calmRequests);
    service.vendor.changeCredentials(renewed);
    const cutAt = Date.now();
    const atCut = countCalls(service);
    const sentBeforeCut = before.sent;
    // What is in progress now may reach Begini with the old key, until one answer has told the service.
    await before.answers(1, ({ number }) => number > sentBeforeCut);
    const requests = await before.stop();
    const onceRefused = countCalls(service);

    const during = startDrillLoad(drilled, options);
    await pause(options.refusedMs);
    requests.push(...(await during.stop()));
    const atRotation = countCalls(service);
    const refusedMs = Date.now() - cutAt;

    const after = startDrillLoad(drilled, options);
    const exitCode = await options.rotate(renewed, drilled);
    await pause(graceMs);
    const sentBeforeCalm = after.sent;
    await after.answers(options.calmRequests, ({ number }) => number > sentBeforeCalm);
    requests.push(...(await after.stop()));
    const events = await sending.stop();
    const promoted = promotedAt(service);
    const failed = requests.filter(({ outcome }) => outcome !== '302');
    const refused = failed.filter(({ outcome }) => outcome === refusal);
    const early = refused.filter(({ sentAt }) => sentAt < promoted);
    const late = refused.filter(({ sentAt }) => sentAt >= promoted + graceMs);
    return [
      { name: 'exit code of the operator’s command', value: exitCode, most: 0 },
      { name: 'requests sent', value: requests.length },
      { name: 'answered 302', value: requests.length - failed.length },
      { name: 'refused before the new pair was in use', value: early.length },
      { name: 'refused in the second after that', value: refused.length - early.length - late.length },
      { name: 'refused later', value: late.length, most: 0 },
      { name: 'failed in another way', value: failed.length - refused.length, most: 0 },
      {
        name: `reads of the secret in ${Math.floor(refusedMs / 1_000)} s of refusal`,
        value: atRotation.secretReads - atCut.secretReads,
        most: versionsPerReread * (Math.floor(refusedMs / rereadIntervalMs) + 1),
      },
      {
        name: 'calls to Begini in that time',
        value: atRotation.vendorCalls - onceRefused.vendorCalls,
        most: Math.floor(refusedMs / refusedCallIntervalMs),
      },
      ...eventFigures(events, service, promoted + graceMs),
    ];
  });
}

async function withService(drill: (drilled: DrilledService) => Promise<Figure[]>): Promise<Figure[]> {
  const drilled = await startLocalServiceOnFreePorts({ leaveResults: true });
  try {
    return await drill(drilled);
  } finally {
    await drilled.service.close();
  }
}

let applicants = 0;

/** Loan apps that call the local service over HTTP, each request for another applicant. */
function startDrillLoad({ service }: DrilledService, { clients, pauseMs }: DrillOptions) {
  const client: Client = async () => {
    applicants += 1;
    const response = await fetch(`${service.gateway.url}/sessions`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'x-api-key': localApiKey, 'Content-Type': 'application/json' },
      body: JSON.stringify({ uid: `DRILL-${applicants}` }),
    });
    return { statusCode: response.status, body: await response.text() };
  };
  return startLoad(Array(clients).fill(client), { pauseMs });
}

/** When the new pair was put in use: the last label that a successful rotation moves is AWSCURRENT. */
function promotedAt({ secretsManager }: LocalService): number {
  const move = secretsManager.requests.findLast(({ operation }) => operation === 'UpdateSecretVersionStage');
  return move?.at ?? Number.POSITIVE_INFINITY;
}

function countCalls({ vendor, secretsManager }: LocalService) {
  return {
    vendorCalls: vendor.requests.length,
    secretReads: secretsManager.requests.filter(({ operation }) => operation === 'GetSecretValue').length,
  };
}

/** Runs `npm run rotate -- --stage test --local` as an operator does, and returns its exit code. */
async function runOperatorsCommand(pair: CredentialsPair, { port }: DrilledService): Promise<number> {
  const file = join(import.meta.dirname, '..', 'rotate-credentials.ts');
  const child = spawn(process.execPath, [file, '--stage', 'test', '--local'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.end(JSON.stringify(pair));
  const [exitCode] = await once(child, 'close');
  return exitCode ?? 1;
}
