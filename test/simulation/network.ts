import { syncBuiltinESMExports } from 'node:module';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { currentProcess, outside, type Process, schedule, trueTime } from '../support/virtual-time.ts';

/** A request as a host sees it. */
export type HostRequest = { headers: Record<string, string>; body: Buffer; owner: Process | undefined };

/** What a host sends back, whole or in part, and what the connection does after it. */
export type HostAnswer = { bytes: string; delayMs: number; after: 'keep' | 'close' | 'reset' };

/** Why a connection cannot be had; `silence` brings no answer at all. */
export type ConnectFault = 'refused' | 'unresolved' | 'untrusted' | 'silence';

/** One end of the network. */
export type Host = {
  connect(owner: Process | undefined): ConnectFault | undefined;
  /** A request went out over a connection that was lost without a sign, `idleMs` after the last one. */
  lost(owner: Process | undefined, idleMs: number): void;
  /** Undefined where no answer ever comes. */
  answer(request: HostRequest): Promise<HostAnswer | undefined>;
};

/** How an idle connection dies: two that are seen, one that shows at the next write, one that never shows. */
export type Death = 'fin' | 'reset' | 'reset-at-write' | 'silence';

const hosts = new Map<string, Host>();
const connections = new Set<Connection>();
/** From one end to the other. */
let latencyMs = () => 5;

const errorCodes = {
  refused: 'ECONNREFUSED',
  unresolved: 'ENOTFOUND',
  untrusted: 'DEPTH_ZERO_SELF_SIGNED_CERT',
};
const networkError = (code: string) => Object.assign(new Error(`simulated ${code}`), { code });

/** The client's end of a TLS connection in memory: what `node:https` uses of a socket. */
class Connection extends Duplex {
  connecting = true;
  secureConnecting = true;
  readonly encrypted = true;
  readonly authorized = true;
  bytesRead = 0;
  isBusy = false;
  readonly owner = currentProcess();
  readonly host: Host;
  #death: Death | undefined;
  #usedAt = trueTime();
  #sent = Buffer.alloc(0);

  constructor(host: Host) {
    super({ allowHalfOpen: false });
    this.host = host;
    connections.add(this);
    this.once('close', () => connections.delete(this));
    const fault = outside(() => host.connect(this.owner));
    if (fault !== 'unresolved') schedule(0, () => this.emit('connectionAttempt'));
    if (fault === 'silence') return;
    schedule(2 * latencyMs(), () => {
      if (this.destroyed) return;
      if (fault) return void this.destroy(networkError(errorCodes[fault]));
      this.connecting = false;
      this.emit('connect');
      schedule(2 * latencyMs(), () => {
        if (this.destroyed) return;
        this.secureConnecting = false;
        this.emit('secureConnect');
        this.#serve();
      });
    });
  }

  /** The other end goes away while nothing is under way. */
  die(death: Death): void {
    this.#death = death;
    if (death !== 'fin' && death !== 'reset') return;
    outside(() => schedule(0, () => this.owner?.deliver(() => this.#end(death))));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#sent = Buffer.concat([this.#sent, chunk]);
    done();
    if (!this.secureConnecting) this.#serve();
  }

  #serve(): void {
    const request = this.#takeRequest();
    if (!request) return;
    const idleMs = trueTime() - this.#usedAt;
    this.#usedAt = trueTime();
    this.isBusy = true;
    if (this.#death === 'silence') this.host.lost(this.owner, idleMs);
    else if (this.#death) schedule(2 * latencyMs(), () => this.#end('reset'));
    else outside(() => schedule(latencyMs(), () => void this.#answer(request)));
  }

  async #answer(request: HostRequest): Promise<void> {
    const answer = await this.host.answer(request);
    if (!answer) return;
    schedule(answer.delayMs + latencyMs(), () =>
      this.owner?.deliver(() => {
        this.isBusy = false;
        this.#usedAt = trueTime();
        if (this.destroyed) return;
        this.bytesRead += answer.bytes.length;
        if (answer.bytes) this.push(answer.bytes);
        if (answer.after !== 'keep') this.#end(answer.after === 'close' ? 'fin' : 'reset');
      }),
    );
  }

  #end(how: 'fin' | 'reset'): void {
    if (this.destroyed) return;
    if (how === 'reset') this.destroy(networkError('ECONNRESET'));
    else this.push(null);
  }

  /** The request that has arrived whole, by its Content-Length. */
  #takeRequest(): HostRequest | undefined {
    const end = this.#sent.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [, ...lines] = this.#sent.subarray(0, end).toString().split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [
        (line.split(':')[0] ?? '').toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const length = Number(headers['content-length'] ?? 0);
    if (this.#sent.length < end + 4 + length) return undefined;
    const body = this.#sent.subarray(end + 4, end + 4 + length);
    this.#sent = this.#sent.subarray(end + 4 + length);
    return { headers, body, owner: this.owner };
  }

  setTimeout = (): this => this;
  setKeepAlive = (): this => this;
  setNoDelay = (): this => this;
  ref = (): this => this;
  unref = (): this => this;
}

/** An HTTP answer, which the connection outlives. */
export function httpAnswer(
  delayMs: number,
  status: number,
  headers: Record<string, string>,
  body: string,
): HostAnswer {
  const lines = Object.entries({ ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
  const head = [`HTTP/1.1 ${status} Simulated`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  return { bytes: [...head, '', body].join('\r\n'), delayMs, after: 'keep' };
}

/** Puts a network in memory, with these hosts, in the place of TLS. */
export function installNetwork(): void {
  tls.connect = ((options: { host: string }) => {
    const host = hosts.get(options.host);
    if (!host) throw new Error(`There is no host ${options.host} here.`);
    return new Connection(host);
  }) as unknown as typeof tls.connect;
  syncBuiltinESMExports();
}

/** Begins again, with other hosts. */
export function resetNetwork(byName: Record<string, Host>, newLatencyMs: () => number): void {
  connections.clear();
  hosts.clear();
  for (const [name, host] of Object.entries(byName)) hosts.set(name, host);
  latencyMs = newLatencyMs;
}

/** Ends the connections of `owner` to `host` that carry no request. */
export function endIdleConnections(owner: Process, host: Host, death: Death): void {
  for (const connection of connections) {
    if (
      connection.owner === owner &&
      connection.host === host &&
      !connection.isBusy &&
      !connection.secureConnecting
    )
      connection.die(death);
  }
}
