import type { APIGatewayProxyEvent, Context } from 'aws-lambda';

/**
 * Every deadline of the service, in milliseconds. Each outer deadline is longer than the inner ones that it waits for,
 * so that the innermost expires first and its answer still reaches the caller.
 */

/** API Gateway's integration timeout; it counts the function's start too. */
export const gatewayTimeoutMs = 15_000;

/** Lambda's timeout for one invocation. */
export const functionTimeoutMs = 14_000;

/** Counted from the moment API Gateway received the request. */
export const requestTimeoutMs = 14_000;

/** How old API Gateway's stamp of a request can be when a function that had to start gets it. */
export const longestStartMs = 12_000;

/** How old that stamp can be when a running function gets it. */
export const longestTransitMs = 2_000;

/** Reserved from Lambda's remaining time, for the answer and the log line. */
export const answerReserveMs = 1_000;

/** All session calls of one request together, the retry included. */
export const vendorTimeoutMs = 8_000;

/** DNS, TCP and TLS of one try to reach the vendor. */
export const connectTimeoutMs = 2_000;

/**
 * How long each address of the vendor, and of Secrets Manager, is tried if there are several. Node's own 250 ms would give
 * up a host that is far away, and a connection that was established while JavaScript was running.
 */
export const addressTimeoutMs = 1_000;

/** How long the AWS SDK's clients wait for the vendor's name to be looked up, so that its connection starts first. */
export const lookupTimeoutMs = 20;

/** With less than this left, no session call is started: it could create a session that no caller receives. */
export const shortestCallMs = 3_000;

/** One try to read the secret. */
export const secretTryTimeoutMs = 2_000;

/** Tries to read the secret, the first included. */
export const secretTries = 2;

/** All tries to read the secret together, with the pauses between them. */
export const secretReadTimeoutMs = 4_500;

/** How long a version of the secret that the vendor refused is not tried again. */
export const refusedMs = 15_000;

/** One try of a call to the table of sessions. */
export const storeTryTimeoutMs = 500;

/** Tries of a call to the table, the first included. */
export const storeTries = 2;

/** Reserved from a request's time, to store the session that the vendor created. */
export const storeReserveMs = 1_200;

/** How long a claim on a uid is valid: longer than the time from the claim until the session is stored. */
export const claimMs = 12_000;

/** Claims are judged correctly as long as the clocks of two functions differ by no more than this. */
export const clockToleranceMs = 2_000;

/**
 * DynamoDB can perform a claim this long after it was made, although its writer has given up: the claim must not take
 * over a newer one. It is also how far a clock may be ahead before its claim counts as over.
 */
export const longestDelayMs = 60_000;

/** Pause between two reads of a uid that another request has claimed. */
export const claimPollMs = 250;

/** With less than this left, a request stops waiting for another one: there must be time to call the vendor. */
export const shortestWaitMs = 4_500;

/** From the moment API Gateway received a result until its answer: nobody knows how long Begini waits. */
export const resultTimeoutMs = 4_750;

/** One try to read the secret again, for a result whose signature fits no key in memory. */
export const forcedReadTimeoutMs = 1_000;

/** One try to send a result to its queue. */
export const sendTryTimeoutMs = 1_000;

/** Tries to send a result, the first included. */
export const sendTries = 2;

/** How long init waits for the warm-up. */
export const warmUpTimeoutMs = 2_000;

/** Lambda's timeout for one rotation step: seven calls to Secrets Manager and one to the vendor, at their slowest. */
export const rotationStepTimeoutMs = 45_000;

/** What a request's deadline is computed from: Lambda's context and API Gateway's event. */
export type RequestClock = {
  /** Epoch milliseconds. */
  now: number;
  /** Lambda's `context.getRemainingTimeInMillis()`. */
  remainingMs: number;
  /** API Gateway's `requestContext.requestTimeEpoch`, epoch milliseconds. */
  receivedAt: number | undefined;
  /** Whether it is the function's first request: API Gateway has waited for its start. */
  isFirst: boolean;
};

/**
 * The moment, in epoch milliseconds, by which a request must be answered. `receivedAt` counts only if it can be true:
 * requests must not fail because of a wrong clock.
 */
export function requestDeadline(
  { now, remainingMs, receivedAt = now, isFirst }: RequestClock,
  timeoutMs = requestTimeoutMs,
): number {
  const ageMs = now - receivedAt;
  const isCredible = ageMs >= 0 && ageMs <= (isFirst ? longestStartMs : longestTransitMs);
  return Math.min(now + remainingMs - answerReserveMs, (isCredible ? receivedAt : now) + timeoutMs);
}

/** The deadline of the request that a function was invoked with. */
export function deadlineOf(
  event: APIGatewayProxyEvent,
  context: Context,
  isFirst: boolean,
  timeoutMs?: number,
): number {
  const receivedAt: unknown = event?.requestContext?.requestTimeEpoch;
  const clock = {
    now: Date.now(),
    remainingMs: context.getRemainingTimeInMillis(),
    receivedAt: typeof receivedAt === 'number' ? receivedAt : undefined,
    isFirst,
  };
  return requestDeadline(clock, timeoutMs);
}
