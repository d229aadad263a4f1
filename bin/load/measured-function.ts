import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LambdaEnvironment } from '../stand-ins/lambda/lambda-environment.ts';

/** What a function holds at one moment, after its garbage was collected. */
export type Holdings = {
  heapMiB: number;
  residentMiB: number;
  /** Open connections, the one to the Runtime API included. */
  sockets: number;
  /** Event listeners of the process and of its connections. */
  listeners: number;
};

/** What a function tells about itself. */
export type Probe = {
  holdings: Holdings;
  /** How long each invocation since the last probe took inside the handler. */
  durationsMs: number[];
};

const isProbe = 'isProbe';

const wrapper = (bundle: string) => `import { Socket } from 'node:net';
import v8 from 'node:v8';
import vm from 'node:vm';

const sockets = new Set();
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...parameters) {
  sockets.add(this);
  this.once('close', () => sockets.delete(this));
  return connect.apply(this, parameters);
};
const { handler: handle } = await import(${JSON.stringify(bundle)});

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc');
const countListeners = (emitter) =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
let durationsMs = [];

function probe() {
  const measuredMs = durationsMs;
  durationsMs = [];
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  const holdings = {
    heapMiB: (heapUsed + external) / 2 ** 20,
    residentMiB: rss / 2 ** 20,
    sockets: sockets.size,
    listeners: [process, ...sockets].reduce((sum, emitter) => sum + countListeners(emitter), 0),
  };
  return { holdings, durationsMs: measuredMs };
}

export const handler = async (event, context) => {
  if (event.${isProbe}) return probe();
  const startedAt = performance.now();
  try {
    return await handle(event, context);
  } finally {
    durationsMs.push(performance.now() - startedAt);
  }
};
`;

/** Wraps the bundle in `bundleFolder` in a handler that can also be probed, and writes it to `folder`. */
export function wrapFunction(bundleFolder: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.mjs'), wrapper(pathToFileURL(join(bundleFolder, 'index.mjs')).href));
}

/** Asks a wrapped function. */
export async function probe(environment: LambdaEnvironment): Promise<Probe> {
  return (await environment.invoke({ [isProbe]: true })) as Probe;
}
