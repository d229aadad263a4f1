import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { connectTimeoutMs } from '../deadlines.ts';
import { reasonOf, VendorError } from '../errors.ts';

/** The request did not reach the vendor's application: it may be sent once more. */
export class NotProcessed extends Error {
  override readonly name = 'NotProcessed';
}

/** A call's time is over, or too short to start it. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** How far a call has come. */
export type CallProgress = {
  /** Whether the connection stood, so that the request may have left. */
  established: boolean;
  /** Whether it stood before this request: from an earlier one, or prepared. */
  reused: boolean;
  /** Whether anything of an answer arrived. */
  answered(): boolean;
  ageMs(): number;
  /** What went wrong first: the answer's own error only says that it was cut off. */
  failure: unknown;
  /** Ends the call because its time is over. */
  giveUp(): void;
  stopWatching(): void;
};

/** A connection that was dead already shows so within a round trip; one that breaks later had the request on it. */
const deadConnectionMs = 1_000;

/** Follows how far a call gets, and ends it where the connection takes too long. */
export function watchCall(call: ClientRequest): CallProgress {
  const startedAt = Date.now();
  let connectTimer: NodeJS.Timeout | undefined;
  const progress: CallProgress = {
    established: false,
    reused: false,
    answered: () => false,
    ageMs: () => Date.now() - startedAt,
    failure: undefined,
    giveUp: () => {
      progress.failure ??= new DeadlinePassed();
      call.destroy();
    },
    stopWatching: () => clearTimeout(connectTimer),
  };
  const establish = () => {
    progress.established = true;
    clearTimeout(connectTimer);
  };
  call.on('error', (error) => {
    progress.failure ??= error;
  });
  call.once('socket', (socket: Socket & { secureConnecting?: boolean }) => {
    const bytesBefore = socket.bytesRead;
    progress.answered = () => socket.bytesRead > bytesBefore;
    progress.reused = !socket.connecting && !socket.secureConnecting;
    if (progress.reused) {
      establish();
      return;
    }
    connectTimer = setTimeout(progress.giveUp, connectTimeoutMs);
    socket.once(socket.secureConnecting === undefined ? 'connect' : 'secureConnect', establish);
  });
  return progress;
}

/**
 * Tells from how far a call got what its failure means. RFC 9110 §9.2.2 forbids repeating a POST blindly: only
 * `NotProcessed` allows it.
 */
export function explainFailure(cause: unknown, progress: CallProgress): VendorError | NotProcessed {
  const reason = reasonOf(cause);
  if (!progress.established) return new NotProcessed('not connected', { cause });
  if (cause instanceof DeadlinePassed) return new VendorError('vendor_timeout', { cause });
  if (reason.startsWith('HPE_')) return new VendorError('vendor_response_invalid', { cause });
  const wasReset = reason === 'ECONNRESET' || reason === 'EPIPE';
  const wasDead = progress.reused && !progress.answered() && progress.ageMs() < deadConnectionMs;
  if (wasReset && wasDead) return new NotProcessed('the connection was dead', { cause });
  return new VendorError('vendor_connection_lost', { cause });
}
