import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

/** What has a clock of its own and can be frozen or end: a function's environment, or an operator's command. */
export class Process {
  /** How far its clock is ahead of the true time. */
  readonly skewMs: number;
  isFrozen = false;
  hasEnded = false;
  readonly #thawed: (() => void)[] = [];

  constructor(skewMs = 0) {
    this.skewMs = skewMs;
  }

  /** Runs `work`, and all that it starts, by this process's clock and under its freezes. */
  run<T>(work: () => T): T {
    return processes.run(this, work);
  }

  thaw(): void {
    this.isFrozen = false;
    for (const fire of this.#thawed.splice(0)) schedule(0, fire, this);
  }

  /** What a timer or a connection brings: it waits while the process is frozen, and is lost once it has ended. */
  deliver(fire: () => void): void {
    if (this.hasEnded) return;
    if (this.isFrozen) this.#thawed.push(fire);
    else this.run(fire);
  }
}

const processes = new AsyncLocalStorage<Process | undefined>();

/** The process that runs at the moment; undefined for the world around it. */
export const currentProcess = (): Process | undefined => processes.getStore();

/** Runs `work` outside of every process. */
export const outside = <T>(work: () => T): T => processes.run(undefined, work);

type Event = { at: number; fire: () => void };

/** 2026-11-27T00:00:00Z. */
const beginning = 1_795_737_600_000;
let now = beginning;
/** Ordered by time; what comes at the same moment keeps its order. */
let events: Event[] = [];
/** Real work of Node that virtual time has to wait for. */
let busy = 0;

/** Epoch milliseconds of the true time. */
export const trueTime = (): number => now;

/** Has `fire` called after `ms`, in `process`. */
export function schedule(ms: number, fire: () => void, process = currentProcess()): Event {
  const event = {
    at: now + Math.max(0, Math.round(ms)),
    fire: process ? () => process.deliver(fire) : () => outside(fire),
  };
  let index = events.length;
  while (index > 0 && (events[index - 1] as Event).at > event.at) index -= 1;
  events.splice(index, 0, event);
  return event;
}

/** Has virtual time wait for something that Node does in real time. */
export async function inRealTime<T>(work: Promise<T>): Promise<T> {
  busy += 1;
  try {
    return await work;
  } finally {
    busy -= 1;
  }
}

const realImmediate = globalThis.setImmediate;

async function settle(): Promise<void> {
  do await new Promise((resolve) => realImmediate(resolve));
  while (busy > 0);
}

/** Lets time pass until `isDone`, at most `ms`. */
export async function pass(ms: number, isDone = () => false): Promise<void> {
  const end = now + ms;
  for (;;) {
    await settle();
    if (isDone()) return;
    const next = events[0];
    if (next === undefined || next.at > end) break;
    events.shift();
    now = next.at;
    next.fire();
  }
  now = end;
}

/** Drops all that is still to come, and begins again. */
export function restart(): void {
  events = [];
  now = beginning;
}

class VirtualTimer {
  #event: Event;
  readonly #start: () => Event;

  constructor(fire: () => void, ms: number) {
    this.#start = () => schedule(ms, fire);
    this.#event = this.#start();
  }

  cancel(): void {
    const index = events.indexOf(this.#event);
    if (index >= 0) events.splice(index, 1);
  }

  refresh(): this {
    this.cancel();
    this.#event = this.#start();
    return this;
  }

  ref = (): this => this;
  unref = (): this => this;
  hasRef = (): boolean => true;
}

/** Numbers between 0 and 1 that a seed decides (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Puts virtual time in the place of every clock that the code reads. Import the code after this. */
export function installVirtualTime(): void {
  const clock = () => now + (currentProcess()?.skewMs ?? 0);
  globalThis.Date = new Proxy(Date, {
    construct: (RealDate, given) => Reflect.construct(RealDate, given.length > 0 ? given : [clock()]),
    get: (RealDate, name) => (name === 'now' ? clock : Reflect.get(RealDate, name)),
  });
  const later = (fire: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) =>
    new VirtualTimer(() => fire(...values), ms);
  const cancel = (timer: unknown) => timer instanceof VirtualTimer && timer.cancel();
  const soon = (fire: (...values: unknown[]) => void, ...values: unknown[]) => {
    busy += 1;
    return realImmediate(() => {
      busy -= 1;
      fire(...values);
    });
  };
  Object.assign(globalThis, { setTimeout: later, clearTimeout: cancel, setImmediate: soon });
  Object.assign(AbortSignal, {
    timeout(ms: number) {
      const controller = new AbortController();
      schedule(ms, () => controller.abort(new DOMException('Timed out.', 'TimeoutError')));
      return controller.signal;
    },
  });
  Object.assign(timers, {
    setTimeout: (ms?: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const timer = new VirtualTimer(() => resolve(value), ms ?? 0);
        signal?.addEventListener('abort', () => {
          timer.cancel();
          reject(signal.reason);
        });
      }),
    setImmediate: () => new Promise<void>((resolve) => soon(() => resolve())),
  });
  syncBuiltinESMExports();
  takeTurnsInThreadPool();
}

/** Web Crypto works on threads: one operation at a time, so that their order is always the same. */
function takeTurnsInThreadPool(): void {
  let last: Promise<unknown> = Promise.resolve();
  const { prototype } = crypto.subtle.constructor as { prototype: Record<string, unknown> };
  for (const name of ['importKey', 'encrypt', 'decrypt']) {
    const operation = prototype[name] as (...given: unknown[]) => Promise<unknown>;
    prototype[name] = (...given: unknown[]) => {
      const turn = last.then(() => operation.apply(crypto.subtle, given));
      last = turn.catch(() => undefined);
      return inRealTime(turn);
    };
  }
}
