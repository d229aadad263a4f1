import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How a network fails. With `lost-answer` and `hang-after` the call takes effect without an answer: the connection is
 * reset, or hangs.
 */
export const networkFaults = ['hang', 'hang-after', 'reset', 'slow', 'lost-answer'] as const;

/** For how many calls, by default until another fault is set; of which operation, by default of any. */
export type FaultOptions = { times?: number; operation?: string };

/** Plays the faults of a network, and a stand-in's own `errors` by their names. `slow` answers after `slowMs`. */
export function playFaults<Name extends string, OwnError>(errors: Record<Name, OwnError>, slowMs: number) {
  type Fault = 'none' | (typeof networkFaults)[number] | Name;
  let [current, timesLeft] = ['none' as Fault, Number.POSITIVE_INFINITY];
  let onlyOperation: string | undefined;

  function faultOf(operation: string): Fault {
    if (timesLeft <= 0 || operation !== (onlyOperation ?? operation)) return 'none';
    timesLeft -= 1;
    return current;
  }

  return {
    set(fault: Fault, { times = Number.POSITIVE_INFINITY, operation }: FaultOptions = {}) {
      [current, timesLeft, onlyOperation] = [fault, times, operation];
    },

    /**
     * Plays the fault of one call. `perform` performs it, or gets the error to answer with; `reset` kills its connection.
     * @returns the answer; undefined if the caller gets none
     */
    async play<Answer>(
      operation: string,
      reset: () => void,
      perform: (error: OwnError | undefined) => Promise<Answer>,
    ): Promise<Answer | undefined> {
      const fault = faultOf(operation);
      if (fault === 'hang') return undefined;
      if (fault === 'reset') return void reset();
      if (fault === 'slow') await sleep(slowMs, undefined, { ref: false });
      const answer = await perform(Object.hasOwn(errors, fault) ? errors[fault as Name] : undefined);
      if (fault === 'hang-after') return undefined;
      if (fault === 'lost-answer') return void reset();
      return answer;
    },
  };
}
