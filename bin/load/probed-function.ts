import { writeFileSync } from 'node:fs';
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

function probe() {
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return {
    heapMiB: (heapUsed + external) / 2 ** 20,
    residentMiB: rss / 2 ** 20,
    sockets: sockets.size,
    listeners: [process, ...sockets].reduce((sum, emitter) => sum + countListeners(emitter), 0),
  };
}

export const handler = (event, context) => (event.${isProbe} ? probe() : handle(event, context));
`;

/** Wraps the bundle in `bundleFolder` in a handler that also reports what the function holds. */
export function wrapFunction(bundleFolder: string, folder: string): void {
  writeFileSync(join(folder, 'index.mjs'), wrapper(pathToFileURL(join(bundleFolder, 'index.mjs')).href));
}

/** Asks a wrapped function what it holds. */
export async function probe(environment: LambdaEnvironment): Promise<Holdings> {
  return (await environment.invoke({ [isProbe]: true })) as Holdings;
}
