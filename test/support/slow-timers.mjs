/**
 * Run by Node.js before a bundled function: its timers end ten times later, so that a busy machine ends no call that
 * the function makes. Its clock is that of the machine.
 */
const slowness = 10;
const timers = process.getBuiltinModule('node:timers/promises');
const { setTimeout: setTimer } = globalThis;
const { setTimeout: pause } = timers;
const { timeout: abortAfter } = AbortSignal;

globalThis.setTimeout = (run, ms = 0, ...given) => setTimer(() => run(...given), ms * slowness);
timers.setTimeout = (ms = 0, value, options) => pause(ms * slowness, value, options);
AbortSignal.timeout = (ms) => abortAfter.call(AbortSignal, ms * slowness);
