import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Each way to send events in a few words, for people at the control endpoint. */
export const webhookModes = {
  once: 'each event once, signed with the current key',
  twice: 'each event twice',
  'previous-key': 'signed with the key before the last change',
  'wrong-key': 'signed with an unknown key',
  'altered-body': 'one byte of the body changed after it was signed',
  sha256: 'signed by HMAC-SHA-256, as an older page says',
  'old-header': 'signed in X-Begini-Signature, as older pages say',
  'other-integration': 'with the integration id of another deployment',
  'unknown-type': 'with an event type that no page names',
  'never-repeats': 'each event once, whatever the answer is',
} as const;

export type WebhookMode = keyof typeof webhookModes;

/** One try to deliver an event; it never holds the uid. */
export interface Delivery {
  /** Such as `application.complete`. */
  type: string;
  /** What the receiver answered; a sentence if there was no answer. */
  outcome: number | string;
  /** Whether it was 200 with JSON. If not, the event is sent again, except after the last try. */
  delivered: boolean;
}

/** How to send. */
export interface WebhookOptions {
  /** All keys that were in use, the current one first. */
  apiKeys: () => readonly string[];
  /** Milliseconds from the end of a session to its first event, 1,000 by default; Begini promises nothing faster. */
  delayMs?: number | undefined;
  /** Milliseconds before each retry. Begini documents neither their number nor their times. */
  retryDelaysMs?: readonly number[] | undefined;
  onDelivery?: ((delivery: Delivery) => void) | undefined;
}

/** `{"uid", "integration_id", "event": {"type", "details"}}` as Begini sends it. */
export interface WebhookBody {
  uid: unknown;
  integration_id: unknown;
  event: { type: string; details: object; reasons?: string[] };
}

const defaultDelayMs = 1_000;
const defaultRetryDelaysMs = [1_000, 2_000, 4_000];
const receiverTimeoutMs = 5_000;
/** Numbers that are written as `612.0`. */
const decimals: ReadonlySet<string> = new Set(['score', 'value']);

/**
 * Sends events as Begini does: `POST` JSON with `X-Signature`, the hex HMAC-SHA-512 of the raw body under the API key
 * ("Securing Webhooks (HMAC)", April 14th, 2026). Only 200 with a JSON body counts as delivered ("Webhook
 * Troubleshooting", April 14th, 2026, and "HTTP Request"); anything else is sent again.
 */
export class BeginiWebhook {
  /** Where events are sent; no event is sent while it is `undefined`. */
  url: string | undefined;
  mode: WebhookMode = 'once';
  readonly deliveries: Delivery[] = [];
  readonly #options: WebhookOptions;
  readonly #closed = new AbortController();

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** Sends the events one after the other, and resolves when each was delivered or abandoned. */
  async send(bodies: readonly WebhookBody[]): Promise<void> {
    const { url, mode } = this;
    if (url === undefined) return;
    try {
      await this.#sleep(this.#options.delayMs ?? defaultDelayMs);
      for (const body of bodies) {
        for (let copies = mode === 'twice' ? 2 : 1; copies > 0; copies -= 1) {
          await this.#deliver(url, mode, body);
        }
      }
    } catch (error) {
      if (!this.#closed.signal.aborted) throw error;
    }
  }

  /** Ends all deliveries in progress. */
  close(): void {
    this.#closed.abort();
  }

  async #deliver(url: string, mode: WebhookMode, honest: WebhookBody): Promise<void> {
    const body = change(honest, mode);
    const retryDelaysMs =
      mode === 'never-repeats' ? [] : (this.#options.retryDelaysMs ?? defaultRetryDelaysMs);
    for (const delayMs of [0, ...retryDelaysMs]) {
      if (delayMs > 0) await this.#sleep(delayMs);
      const outcome = await this.#post(url, this.#sign(mode, writeBody(body)));
      this.#closed.signal.throwIfAborted();
      const delivery = { type: body.event.type, outcome, delivered: outcome === 200 };
      this.deliveries.push(delivery);
      this.#options.onDelivery?.(delivery);
      if (delivery.delivered) return;
    }
  }

  #sign(mode: WebhookMode, body: string): { body: string; signature: Record<string, string> } {
    const [current = '', previous = current] = this.#options.apiKeys();
    const key = mode === 'wrong-key' ? 'nobody-has-this-key' : mode === 'previous-key' ? previous : current;
    const digest = createHmac(mode === 'sha256' ? 'sha256' : 'sha512', key)
      .update(body)
      .digest('hex');
    return {
      signature: { [mode === 'old-header' ? 'X-Begini-Signature' : 'X-Signature']: digest },
      body: mode === 'altered-body' ? body.replace('{"uid"', '{"Uid"') : body,
    };
  }

  async #post(
    url: string,
    { body, signature }: { body: string; signature: Record<string, string> },
  ): Promise<number | string> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'Content-Type': 'application/json', ...signature },
        body,
        signal: AbortSignal.any([this.#closed.signal, AbortSignal.timeout(receiverTimeoutMs)]),
      });
      const text = await response.text();
      return response.status !== 200 || isJson(text) ? response.status : '200 without a JSON body';
    } catch (error) {
      const { code, name } = ((error as Error).cause ?? error) as { code?: string; name: string };
      return `no answer: ${code ?? name}`;
    }
  }

  #sleep(ms: number): Promise<void> {
    return sleep(ms, undefined, { ref: false, signal: this.#closed.signal });
  }
}

function change(body: WebhookBody, mode: WebhookMode): WebhookBody {
  if (mode === 'other-integration') return { ...body, integration_id: 'another-integration' };
  if (mode === 'unknown-type') return { ...body, event: { ...body.event, type: 'simulated.unknown' } };
  return body;
}

/**
 * JSON that no common library writes: spaces after commas alone, escaped slashes and non-ASCII characters, decimals
 * that end in `.0`. A receiver that checks the signature over parsed and rewritten JSON fails here, as it must.
 */
export function writeBody(value: unknown, name = ''): string {
  if (typeof value === 'number' && decimals.has(name)) return value.toFixed(1);
  if (Array.isArray(value)) return `[${value.map((item) => writeBody(item)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${writeBody(key)}:${writeBody(member, key)}`).join(', ')}}`;
  }
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * The receiver's URL from the variable WEBHOOK_URL; `undefined` if it is not set.
 * @throws Error that says what is allowed: a made-up result must not reach a receiver beyond this machine
 */
export function readWebhookUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const { protocol, hostname } = URL.parse(text) ?? {};
  if (protocol === 'http:' && (hostname === '127.0.0.1' || hostname === 'localhost')) return text;
  throw new Error(
    `WEBHOOK_URL must be an http URL on 127.0.0.1 or localhost, such as http://127.0.0.1:8081/; it is "${text}"`,
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
