import { getEventListeners } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { performance } from 'node:perf_hooks';

/** Time that stops while this process works, and jumps to the next timer when it only waits. */
export type VirtualTime = { restore(): void };

/** `isIdle`: nobody waits for it any more. */
type Timer = { dueAt: number; fire(): void; isIdle?: () => boolean };

/** A shorter wait passes in real time: dynalite and Node yield to each other that way. */
const shortestWaitMs = 2;
/** The process waits if this many checks of its sockets, one every few milliseconds, have found nothing new. */
const looks = 6;
const lookEveryMs = 3;

/** What Web Crypto does in other threads makes no event until it ends. */
const subtle: object = Object.getPrototypeOf(crypto.subtle);
const inThreads = ['importKey', 'encrypt', 'decrypt', 'sign', 'verify', 'digest'];

/**
 * Puts `Date.now`, `setTimeout`, `AbortSignal.timeout` and the `setTimeout` of `node:timers/promises` on virtual time,
 * for what is imported after it; a file that imports anything from `node:timers/promises` before keeps real time there.
 * Sockets stay real: the servers that a test calls must run in this process.
 */
export function installVirtualTime(): VirtualTime {
  const timersPromises = process.getBuiltinModule('node:timers/promises');
  const real = {
    dateNow: Date.now,
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    abortTimeout: AbortSignal.timeout,
    sleep: timersPromises.setTimeout,
  };
  const timers = new Set<Timer>();
  let now = Date.now();
  let isRunning = true;
  let busyThreads = 0;
  const threadWork = inThreads.map((name) => [name, Reflect.get(subtle, name)] as const);
  for (const [name, work] of threadWork) {
    Object.assign(subtle, {
      async [name](...values: unknown[]) {
        busyThreads += 1;
        try {
          return await work.apply(this, values);
        } finally {
          busyThreads -= 1;
        }
      },
    });
  }

  function schedule(ms: number, fire: () => void): Timer {
    const timer = { dueAt: now + ms, fire };
    timers.add(timer);
    return timer;
  }

  const sleep = (ms = 0, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      const timer = schedule(ms, () => resolve(value));
      const stop = () => {
        timers.delete(timer);
        reject(signal?.reason);
      };
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop, { once: true });
    });

  function setVirtualTimeout(fire: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) {
    if (ms < shortestWaitMs) return real.setTimeout(fire, ms, ...values);
    const timer = schedule(ms, () => fire(...values));
    return Object.assign(timer, { ref: () => timer, unref: () => timer, hasRef: () => true });
  }

  function clearVirtualTimeout(timer: unknown): void {
    if (!timers.delete(timer as Timer)) real.clearTimeout(timer as NodeJS.Timeout);
  }

  function abortAfter(ms: number): AbortSignal {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = schedule(ms, () => controller.abort(new DOMException('The time is over.', 'TimeoutError')));
    timer.isIdle = () => getEventListeners(signal, 'abort').length === 0;
    return signal;
  }

  async function waitUntilQuiet(): Promise<void> {
    for (let quiet = 0, seen = -1; quiet < looks; ) {
      const startedAt = performance.now();
      await new Promise<void>((resolve) => void real.setTimeout(resolve, lookEveryMs));
      const isLate = performance.now() - startedAt > 2 * lookEveryMs;
      const { events } = performance.nodeTiming.uvMetricsInfo;
      if (events !== seen || busyThreads > 0) quiet = 0;
      // On a busy machine, what is on its way arrives late, too.
      else if (!isLate) quiet += 1;
      seen = events;
    }
  }

  async function run(): Promise<void> {
    while (isRunning) {
      await waitUntilQuiet();
      let isIdle = true;
      while (isIdle && isRunning && timers.size > 0) {
        now = Math.min(...[...timers].map(({ dueAt }) => dueAt));
        for (const timer of timers) {
          if (timer.dueAt > now) continue;
          isIdle &&= timer.isIdle?.() ?? false;
          timers.delete(timer);
          timer.fire();
        }
      }
    }
  }

  function put(functions: typeof real): void {
    Date.now = functions.dateNow;
    globalThis.setTimeout = functions.setTimeout;
    globalThis.clearTimeout = functions.clearTimeout;
    AbortSignal.timeout = functions.abortTimeout;
    timersPromises.setTimeout = functions.sleep;
    syncBuiltinESMExports();
  }

  put({
    dateNow: () => now,
    setTimeout: setVirtualTimeout as unknown as typeof setTimeout,
    clearTimeout: clearVirtualTimeout as typeof clearTimeout,
    abortTimeout: abortAfter,
    sleep: sleep as typeof timersPromises.setTimeout,
  });
  void run();
  return {
    restore() {
      isRunning = false;
      put(real);
      Object.assign(subtle, Object.fromEntries(threadWork));
    },
  };
}
