import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Listener, readBody } from '../stand-ins/loopback.ts';

/** Where Begini's webhook reaches the demo. */
export const demoWebhookPath = '/webhook';

/** More than any event of the vendor's pages. */
const largestEventBytes = 65_536;

/** What the demo's backend has received: the event's type by uid, each once. */
export type ReceivedEvent = { uid: string; type: string };

/** The demo's receiver of Begini's webhook, which remembers events in memory. */
export class DemoResults {
  readonly events: ReceivedEvent[] = [];
  readonly #seen = new Set<string>();
  readonly #apiKeys: () => readonly string[];

  /** @param apiKeys the current one and those before it */
  constructor(apiKeys: () => readonly string[]) {
    this.#apiKeys = apiKeys;
  }

  /** Answers 200 with JSON, and 401 if the signature is wrong. */
  readonly receive: Listener = async (request, response) => {
    const rawBody = (await readBody(request, largestEventBytes)) ?? Buffer.alloc(0);
    const signature = Buffer.from(String(request.headers['x-signature']));
    if (!this.#apiKeys().some((apiKey) => isSignedWith(apiKey, rawBody, signature))) {
      return void response.writeHead(401).end();
    }
    const digest = createHash('sha256').update(rawBody).digest('hex');
    if (!this.#seen.has(digest)) {
      const { uid, event } = JSON.parse(rawBody.toString()) as { uid: string; event: { type: string } };
      this.#seen.add(digest);
      this.events.unshift({ uid, type: event.type });
    }
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  };
}

function isSignedWith(apiKey: string, rawBody: Buffer, signature: Buffer): boolean {
  const expected = Buffer.from(createHmac('sha512', apiKey).update(rawBody).digest('hex'));
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}
