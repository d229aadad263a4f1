import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { connectTimeoutMs } from '../deadlines.ts';
import { reasonOf, VendorError } from '../errors.ts';

/** The request did not reach the vendor's application: it may be sent once more. */
export class NotProcessed extends Error {
  override readonly name = 'NotProcessed';
  /** Whether the request was sent, over a connection that was dead: almost certainly, nobody received it. */
  readonly wasSent: boolean;

  constructor({ cause, wasSent }: { cause: unknown; wasSent: boolean }) {
    super(wasSent ? 'the connection was dead' : 'not connected', { cause });
    this.wasSent = wasSent;
  }
}

/** The call timed out. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** Too little time was left to start a call. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

/** Whether a call failed because too little time was left to start it. */
export function wasNotStarted(error: unknown): error is VendorError {
  return error instanceof VendorError && error.cause instanceof NotStarted;
}

/** A dead connection fails within one round trip. If it breaks later, the request may have been delivered. */
const deadConnectionMs = 1_000;

/** Tracks the progress of one call, ends it at its timeout, and decides by its progress what a failure means. */
export class VendorCall {
  readonly #request: ClientRequest;
  readonly #startedAt = Date.now();
  readonly #deadlineTimer: NodeJS.Timeout;
  #connectTimer: NodeJS.Timeout | undefined;
  #socket: Socket | undefined;
  /** Bytes that the connection had received before this call. */
  #bytesBefore = 0;
  /** Whether the connection was established, so that the request may have been sent. */
  #established = false;
  /** Whether the connection was established before this call: by an earlier call, or in advance. */
  #reused = false;
  /** The first error: the response's own error only says that it was cut off. */
  #failure: unknown;

  /** Ends `request` after `timeoutMs`, or earlier if no connection is established. */
  constructor(request: ClientRequest, timeoutMs: number) {
    this.#request = request;
    this.#deadlineTimer = setTimeout(this.#giveUp, timeoutMs);
    request.on('error', (error) => {
      this.#failure ??= error;
    });
    request.once('socket', (socket) => this.#watch(socket));
  }

  /** Stops the timers, which would keep the function running. */
  stopTimers(): void {
    clearTimeout(this.#deadlineTimer);
    clearTimeout(this.#connectTimer);
  }

  /**
   * What the failure of this call means. RFC 9110 §9.2.2 forbids repeating a POST blindly: only `NotProcessed` allows it.
   * @param error the error that the call ended with, used if there was no earlier one
   */
  explain(error: unknown): VendorError | NotProcessed {
    const cause = this.#failure ?? error;
    const reason = reasonOf(cause);
    if (!this.#established) return new NotProcessed({ cause, wasSent: false });
    if (cause instanceof DeadlinePassed) return new VendorError('vendor_timeout', { cause });
    if (reason.startsWith('HPE_')) return new VendorError('vendor_response_invalid', { cause });
    const wasReset = reason === 'ECONNRESET' || reason === 'EPIPE';
    if (wasReset && this.#wasDead()) return new NotProcessed({ cause, wasSent: true });
    return new VendorError('vendor_connection_lost', { cause });
  }

  #watch(socket: Socket & { secureConnecting?: boolean }): void {
    this.#socket = socket;
    this.#bytesBefore = socket.bytesRead;
    this.#reused = !socket.connecting && !socket.secureConnecting;
    if (this.#reused) {
      this.#establish();
      return;
    }
    this.#connectTimer = setTimeout(this.#giveUp, connectTimeoutMs);
    const isTls = socket.secureConnecting !== undefined;
    socket.once(isTls ? 'secureConnect' : 'connect', () => this.#establish());
  }

  #establish(): void {
    this.#established = true;
    clearTimeout(this.#connectTimer);
  }

  /** Whether an already open connection broke at once, without a byte of a response. */
  #wasDead(): boolean {
    const wasAnswered = (this.#socket?.bytesRead ?? 0) > this.#bytesBefore;
    return this.#reused && !wasAnswered && Date.now() - this.#startedAt < deadConnectionMs;
  }

  readonly #giveUp = (): void => {
    this.#failure ??= new DeadlinePassed();
    this.#request.destroy();
  };
}
