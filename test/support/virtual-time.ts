import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { performance } from 'node:perf_hooks';

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

/** `isIdle`: nobody waits for it any more. */
type Event = { at: number; fire: () => void; isIdle?: () => boolean };

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

/** Lets time pass until `isDone`, at most `ms`, in a process without sockets. */
export async function pass(ms: number, isDone = () => false): Promise<void> {
  const end = now + ms;
  for (;;) {
    do await new Promise((resolve) => real.globals.setImmediate(resolve));
    while (busy > 0);
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

const timersPromises = process.getBuiltinModule('node:timers/promises');

/** The clocks and timers of Node. */
const real = {
  globals: { Date, setTimeout, clearTimeout, setImmediate },
  promises: { setTimeout: timersPromises.setTimeout, setImmediate: timersPromises.setImmediate },
  abortTimeout: AbortSignal.timeout,
};

function put({ globals, promises, abortTimeout }: typeof real): void {
  Object.assign(globalThis, globals);
  Object.assign(timersPromises, promises);
  AbortSignal.timeout = abortTimeout;
  syncBuiltinESMExports();
}

/**
 * Puts virtual time in the place of every clock that the code reads, for what is imported after it; a file that imports
 * anything from `node:timers/promises` before keeps real time there.
 *
 * Time stands still while this process works, and jumps to the next timer when it only waits. Sockets stay real: the
 * servers that a test calls must run in this process. With `isPassed`, for a process without sockets, only `pass` moves
 * time, from the same beginning each time.
 */
export function installVirtualTime({ isPassed = false } = {}): { restore(): void } {
  if (!isPassed) now = real.globals.Date.now();
  const realNow = real.globals.Date.now;
  const clock = () => now + (currentProcess()?.skewMs ?? 0);
  const later = (fire: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) =>
    isPassed || ms >= shortestWaitMs
      ? new VirtualTimer(() => fire(...values), ms)
      : real.globals.setTimeout(fire, ms, ...values);
  const cancel = (timer: unknown) =>
    timer instanceof VirtualTimer ? timer.cancel() : real.globals.clearTimeout(timer as NodeJS.Timeout);
  const soon = (fire: (...values: unknown[]) => void, ...values: unknown[]) => {
    busy += 1;
    return real.globals.setImmediate(() => {
      busy -= 1;
      fire(...values);
    });
  };
  put({
    globals: {
      Date: new Proxy(real.globals.Date, {
        construct: (RealDate, given) => Reflect.construct(RealDate, given.length > 0 ? given : [clock()]),
        // A test may put a clock of its own in its place.
        get: (RealDate, name) => {
          const value: unknown = Reflect.get(RealDate, name);
          return value === realNow ? clock : value;
        },
      }),
      setTimeout: later as typeof setTimeout,
      clearTimeout: cancel as typeof clearTimeout,
      setImmediate: isPassed ? (soon as typeof setImmediate) : real.globals.setImmediate,
    },
    promises: {
      setTimeout: sleep as typeof timersPromises.setTimeout,
      setImmediate: isPassed
        ? <T>(value?: T) => new Promise<T>((resolve) => void soon(() => resolve(value as T)))
        : real.promises.setImmediate,
    },
    abortTimeout: abortAfter,
  });
  const threads = takeTurnsInThreadPool();
  const jumps = isPassed ? undefined : startJumps();
  return {
    restore() {
      jumps?.stop();
      threads.restore();
      put(real);
    },
  };
}

function abortAfter(ms: number): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const event = schedule(ms, () => controller.abort(new DOMException('The time is over.', 'TimeoutError')));
  event.isIdle = () => getEventListeners(signal, 'abort').length === 0;
  return signal;
}

const sleep = (ms?: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = new VirtualTimer(() => resolve(value), ms ?? 0);
    const stop = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
  });

/** A shorter wait passes in real time: dynalite and Node yield to each other that way. */
const shortestWaitMs = 2;
/** The process waits if this many checks of its sockets, one every few milliseconds, have found nothing new. */
const looks = 6;
const lookEveryMs = 3;

/** Jumps to the next timer whenever this process only waits. */
function startJumps(): { stop(): void } {
  let isRunning = true;

  async function waitUntilQuiet(): Promise<void> {
    for (let quiet = 0, seen = -1; quiet < looks; ) {
      const startedAt = performance.now();
      await new Promise<void>((resolve) => void real.globals.setTimeout(resolve, lookEveryMs));
      const isLate = performance.now() - startedAt > 2 * lookEveryMs;
      const { events: happened } = performance.nodeTiming.uvMetricsInfo;
      if (happened !== seen || busy > 0) quiet = 0;
      // On a busy machine, what is on its way arrives late, too.
      else if (!isLate) quiet += 1;
      seen = happened;
    }
  }

  async function run(): Promise<void> {
    while (isRunning) {
      await waitUntilQuiet();
      for (let isIdle = true; isIdle && isRunning && events[0]; ) {
        now = events[0].at;
        while (events[0] && events[0].at <= now) {
          const event = events.shift() as Event;
          isIdle &&= event.isIdle?.() ?? false;
          event.fire();
        }
      }
    }
  }
  void run();
  return {
    stop() {
      isRunning = false;
    },
  };
}

/**
 * Web Crypto works on threads, without an event until it ends: virtual time waits for it, and one operation at a time
 * runs, so that their order is always the same.
 */
function takeTurnsInThreadPool(): { restore(): void } {
  let last: Promise<unknown> = Promise.resolve();
  const subtle: object = Object.getPrototypeOf(crypto.subtle);
  const operations = ['importKey', 'encrypt', 'decrypt', 'sign', 'verify', 'digest'].map(
    (name) => [name, Reflect.get(subtle, name) as (...given: unknown[]) => Promise<unknown>] as const,
  );
  for (const [name, operation] of operations) {
    Reflect.set(subtle, name, (...given: unknown[]) => {
      const turn = last.then(() => operation.apply(crypto.subtle, given));
      last = turn.catch(() => undefined);
      return inRealTime(turn);
    });
  }
  return { restore: () => void Object.assign(subtle, Object.fromEntries(operations)) };
}
