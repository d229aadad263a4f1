import type http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { connectTimeoutMs, lookupTimeoutMs } from './deadlines.ts';

type Target = { host: string; port: number };

/** A TLS agent that keeps connections alive, and can open the first one before the first request. */
export class KeepAliveAgent extends https.Agent {
  #warm: TLSSocket | undefined;
  #warming: Promise<void> | undefined;
  readonly #attempt = Promise.withResolvers<void>();

  constructor(options: https.AgentOptions = {}) {
    super({ keepAlive: true, ...options });
  }

  /**
   * Starts `warmUp`. Resolves when the SYN is sent, or after 20 ms if the name is not looked up by then; never rejects.
   * From the SYN on, its round trip passes while JavaScript is running; the lookup ends only between two turns of the
   * event loop.
   */
  async startWarmUp(target: Target): Promise<void> {
    const warm = this.warmUp(target);
    await Promise.race([this.#attempt.promise, warm, pause(lookupTimeoutMs)]).catch(() => undefined);
  }

  /** Opens a connection for the first request, unless that was started before. Rejects after 2 s. */
  warmUp(target: Target): Promise<void> {
    this.#warming ??= this.#open(target);
    return this.#warming;
  }

  async #open({ host, port }: Target): Promise<void> {
    const servername = isIP(host) ? '' : host;
    const socket = connect({ ...(this.options as ConnectionOptions), host, port, servername });
    socket.once('connectionAttempt', () => this.#attempt.resolve());
    const timer = setTimeout(() => socket.destroy(new Error('not connected in time')), connectTimeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        // The error listener stays: a later error must not crash the function. It destroys the socket, which is then not used.
        socket.once('secureConnect', resolve).on('error', reject);
      });
      this.#warm = socket;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the connection that was opened ahead, if it was not used. */
  dropWarm(): void {
    this.#warm?.destroy();
    this.#warm = undefined;
  }

  override createConnection(...parameters: Parameters<https.Agent['createConnection']>) {
    const warm = this.#warm;
    this.#warm = undefined;
    // Bytes that a server sent before any request, such as a timeout notice, are not a response to this request.
    if (warm && !warm.destroyed && warm.readableLength === 0) return warm;
    warm?.destroy();
    return super.createConnection(...parameters);
  }

  override destroy(): void {
    this.dropWarm();
    super.destroy();
  }
}

/** After a pause this long the function may have been frozen, and its connection may be dead. */
const idleMs = 1_000;

/** How long a dead connection's FIN or RST may take to arrive. */
const wakeUpMs = 2;

/** NATs and load balancers silently drop idle connections; do not reuse one after a minute. */
const longestIdleMs = 60_000;

/** How often a call is tried, and how long. */
export type Tries = {
  /** The first included. */
  tries: number;
  tryTimeoutMs: number;
  /** Epoch milliseconds by which the last try ends. */
  deadline: number;
  /** Whether another try is of no use after this error; by default, every error is followed by one. */
  isFinal?: (error: unknown) => boolean;
};

/** Keeps an agent from reusing a connection that died while it was idle. */
export class IdleConnections {
  readonly #agent: http.Agent;
  #lastUsedAt = Date.now();

  constructor(agent: http.Agent) {
    this.#agent = agent;
  }

  /** Calls `send`, and after an error again, over a new connection. @throws the last error */
  async send<Answer>(
    send: (options: { abortSignal: AbortSignal }) => Promise<Answer>,
    { tries, tryTimeoutMs, deadline, isFinal = () => false }: Tries,
  ): Promise<Answer> {
    await this.check();
    try {
      for (let triesLeft = tries - 1; ; triesLeft -= 1) {
        const timeLeftMs = Math.min(tryTimeoutMs, deadline - Date.now());
        const abortSignal = AbortSignal.timeout(Math.max(0, timeLeftMs));
        try {
          return await send({ abortSignal });
        } catch (thrown) {
          const error = abortSignal.aborted ? abortSignal.reason : thrown;
          if (triesLeft === 0 || isFinal(error)) throw error;
          this.drop();
        }
      }
    } finally {
      this.used();
    }
  }

  /** Call this before a request: it closes connections that are too old, and lets Node notice dead ones. */
  async check(): Promise<void> {
    const idleForMs = Date.now() - this.#lastUsedAt;
    if (idleForMs > longestIdleMs) this.drop();
    else if (idleForMs > idleMs) {
      await pause(wakeUpMs);
      // On a busy machine the pause can end before Node has looked at its sockets: it does so in each turn.
      await nextTurn();
    }
  }

  /** Call this after a request. */
  used(): void {
    this.#lastUsedAt = Date.now();
  }

  /** Closes every connection that no request is using, so that the next request gets a new one. */
  drop(): void {
    if (this.#agent instanceof KeepAliveAgent) this.#agent.dropWarm();
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }
}
