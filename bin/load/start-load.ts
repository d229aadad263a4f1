import { setTimeout as pause } from 'node:timers/promises';
import { gatewayTimeoutMs } from '../../functions/deadlines.ts';
import { codeOf } from '../stand-ins/gateway/proxy-event.ts';

/** Sends one request to the service, by HTTP or straight to a function, and resolves to its answer. */
export type Client = () => Promise<{ statusCode: number; body: string }>;

/** One request, and how it ended. */
export type LoadRequest = {
  /** Counted from 1, in the order of sending. */
  number: number;
  /** Epoch milliseconds. */
  sentAt: number;
  /** The kind of the answer, as in `302` or `502 vendor_error`; undefined if there was none. */
  outcome: string | undefined;
};

/** How much is sent; without limits, as much as the clients can until the load is stopped. */
export type LoadLimits = {
  /** Of all clients together. */
  requests?: number;
  /** How long each client waits after an answer; the first requests are spread over this time. */
  pauseMs?: number;
  /** Ends the load early. */
  signal?: AbortSignal;
};

/**
 * Keeps every client busy with one request at a time, as Lambda does with a function: a slow machine makes the load
 * smaller, but never lets requests pile up.
 */
export function startLoad(
  clients: readonly Client[],
  { requests: most = Number.POSITIVE_INFINITY, pauseMs = 0, signal }: LoadLimits = {},
) {
  const requests: LoadRequest[] = [];
  const listeners = new Set<(request: LoadRequest) => void>();
  let sent = 0;
  let isStopped = false;

  async function keepBusy(client: Client, index: number): Promise<void> {
    if (pauseMs > 0) await pause((index * pauseMs) / clients.length);
    while (sent < most && !isStopped && !signal?.aborted) {
      sent += 1;
      const [number, sentAt] = [sent, Date.now()];
      const request = { number, sentAt, outcome: await outcomeOf(client) };
      requests.push(request);
      for (const listener of listeners) listener(request);
      if (pauseMs > 0) await pause(pauseMs);
    }
  }

  const ended = Promise.all(clients.map(keepBusy)).then(() => requests);
  return {
    /** How many requests were sent so far. */
    get sent() {
      return sent;
    },
    /** Resolves when `count` more requests have ended that match. */
    answers: (count: number, matches: (request: LoadRequest) => boolean = () => true) =>
      new Promise<void>((resolve) => {
        let missing = count;
        const listener = (request: LoadRequest) => {
          if (matches(request)) missing -= 1;
          if (missing > 0) return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      }),
    /** Resolves to all requests when the last has ended. */
    ended,
    /** Sends no more. Resolves as `ended` does. */
    stop() {
      isStopped = true;
      return ended;
    },
  };
}

/** The kind of an answer; undefined if there was none in the time that API Gateway waits. */
async function outcomeOf(client: Client): Promise<string | undefined> {
  const answered = new AbortController();
  try {
    const answer = await Promise.race([
      client(),
      pause(gatewayTimeoutMs, undefined, { signal: answered.signal }),
    ]);
    return answer && [answer.statusCode, codeOf(answer)].filter(Boolean).join(' ');
  } catch {
    return undefined;
  } finally {
    answered.abort();
  }
}
