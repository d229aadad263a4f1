import type { LambdaEnvironment } from '../stand-ins/lambda/lambda-environment.ts';
import { table } from './report.ts';
import { spread } from './statistics.ts';
import { sessionEvent, type Testbed } from './testbed.ts';

/** What a number of parallel functions used. */
export type LoadMeasurement = {
  functions: number;
  requests: number;
  vendorConnections: number;
  secretCalls: number;
  /** Peak of each function. */
  memoryMiB: number[];
};

const steps = [1, 2, 4, 8, 16, 32];
const requestsPerFunction = 20;

/** Starts 1 to 32 functions side by side, one step after another, and sends each its requests. */
export async function measureLoads(
  start: () => Promise<Testbed>,
  bundleFolder: string,
): Promise<LoadMeasurement[]> {
  const loads: LoadMeasurement[] = [];
  for (const functions of steps) {
    console.error(`${functions} functions side by side`);
    const testbed = await start();
    try {
      loads.push(await measureLoad(testbed, bundleFolder, functions));
    } finally {
      await testbed.close();
    }
  }
  return loads;
}

async function measureLoad(
  { start, vendor, secretsManager }: Testbed,
  bundleFolder: string,
  functions: number,
): Promise<LoadMeasurement> {
  const environments: LambdaEnvironment[] = [];
  try {
    // One after the other: more parallel starts than cores would measure only the machine.
    while (environments.length < functions) environments.push(await start(bundleFolder));
    await Promise.all(environments.map(sendRequests));
    return {
      functions,
      requests: vendor.requests.length,
      vendorConnections: vendor.connections,
      secretCalls: secretsManager.requests.length,
      memoryMiB: environments.map((environment) => environment.peakMemoryKiB() / 1024),
    };
  } finally {
    await Promise.all(environments.map((environment) => environment.stop()));
  }
}

async function sendRequests(environment: LambdaEnvironment): Promise<void> {
  for (let request = 0; request < requestsPerFunction; request += 1) {
    const { statusCode } = (await environment.invoke(sessionEvent())) as { statusCode: number };
    if (statusCode !== 302) throw new Error(`The answer was ${statusCode}`);
  }
}

/** Whether each function kept to one connection, one read of the secret and its requests. */
export function isConstant({
  functions,
  requests,
  vendorConnections,
  secretCalls,
}: LoadMeasurement): boolean {
  return (
    requests === functions * requestsPerFunction &&
    vendorConnections === functions &&
    secretCalls === functions
  );
}

/** The loads as bin/README.md shows them, each figure for one function. */
export function formatLoads(loads: readonly LoadMeasurement[]): string {
  const rows = loads.map(({ functions, requests, vendorConnections, secretCalls, memoryMiB }) => {
    const { median } = spread(memoryMiB);
    const perFunction = [requests, vendorConnections, secretCalls].map((count) => count / functions);
    return [functions, ...perFunction, median.toFixed(1), Math.max(...memoryMiB).toFixed(1)].map(String);
  });
  return table(
    [
      'functions side by side',
      'requests of each',
      'vendor connections of each',
      'secret reads of each',
      'peak memory, MiB: median',
      'largest',
    ],
    rows,
  );
}
