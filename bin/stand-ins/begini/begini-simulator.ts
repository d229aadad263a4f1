import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepLatest, type LoopbackServer, readBody, startLoopbackServer } from '../loopback.ts';
import { BeginiAssessment, entryModes, type ReturnUrls } from './begini-assessment.ts';
import {
  distort,
  encodings,
  type Fault,
  faultAfter,
  faultHelp,
  parseFault,
  type SimulatorResponse,
} from './begini-faults.ts';
import type { BeginiCredentials, HmacMode } from './begini-session-call.ts';
import { BeginiVendor } from './begini-vendor.ts';
import {
  BeginiWebhook,
  type Delivery,
  type WebhookMode,
  type WebhookOptions,
  webhookModes,
} from './begini-webhook.ts';

/** The credentials a simulator starts with: fictional, and valid only here. */
export const simulatedCredentials: BeginiCredentials = {
  apiKey: 'simulated-api-key-7f3a9c',
  integrationId: 'simulated-integration-1',
};

/** How to start a simulator; everything has a default. */
export interface SimulatorOptions {
  /** 0, the default, means any free port. */
  port?: number;
  /** Key and certificate as PEM: the simulator then speaks HTTPS. */
  tls?: { key: string; cert: string };
  /** Default {@link simulatedCredentials}. */
  credentials?: BeginiCredentials;
  /** Default `required`. */
  hmac?: HmacMode;
  /** When events are sent, and when they are sent again. */
  webhook?: Omit<WebhookOptions, 'apiKeys'> | undefined;
  /** How many requests are kept, the latest ones; by default all. */
  mostKept?: number | undefined;
}

/** What a lender sets in the Deployment Centre. Without a webhook URL no event is sent. */
export interface Deployment {
  webhookUrl?: string;
  returnUrls?: ReturnUrls;
}

/** A request that reached the simulator, except those to its control endpoint. */
export interface RecordedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  rawBody: Buffer;
  /** For a session call: whether it was valid, regardless of the fault. */
  accepted: boolean;
  /** The status answered; `undefined` if there was none: the connection hung or broke. */
  status: number | undefined;
}

/** A running simulator of the vendor's API and of its assessment, both at one origin. */
export interface BeginiSimulator
  extends Pick<
    LoopbackServer,
    'origin' | 'connections' | 'answerFor' | 'closeIdleConnections' | 'refuseConnections' | 'close'
  > {
  readonly requests: readonly RecordedRequest[];
  /** The current fault. */
  readonly fault: Fault;
  setFault(fault: Fault): void;
  /** How it sends events. */
  setWebhookMode(mode: WebhookMode): void;
  setDeployment(deployment: Deployment): void;
  /** Every try to deliver an event. */
  readonly deliveries: readonly Delivery[];
  /** Every key that events were signed with, the current one first. */
  readonly apiKeys: readonly string[];
  /** Rotates the key. The old pair stops working at once, or after `overlapMs`. */
  changeCredentials(next: BeginiCredentials, options?: { overlapMs?: number }): void;
}

const sessionCallPath = '/v1/sessions-management/tokens';
const controlPath = '/_control';
const largestBodyBytes = 1_000_000;
const foreignOrigin: SimulatorResponse = {
  status: 403,
  body: 'This request came from a page of another origin\n',
};
const sessionLifeSeconds = 86_400;

/**
 * Stands in for Begini: `POST /v1/sessions-management/tokens` as documented, `/{token}` instead of the assessment, the
 * webhook after it, and `/_control` to see and set its behaviour.
 */
export async function startBeginiSimulator(options: SimulatorOptions = {}): Promise<BeginiSimulator> {
  const { credentials = simulatedCredentials, hmac = 'required' } = options;
  const vendor = new BeginiVendor(credentials, hmac, sessionLifeSeconds);
  const webhook = new BeginiWebhook({ ...options.webhook, apiKeys: () => vendor.apiKeys });
  const assessment = new BeginiAssessment((events) => void webhook.send(events));
  const requests: RecordedRequest[] = [];
  let requestCount = 0;
  let fault: Fault = { fault: 'none' };
  const server = await startLoopbackServer({ port: options.port, tls: options.tls, listener });

  async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    const rawBody = (await readBody(request, largestBodyBytes)) ?? Buffer.alloc(0);
    if (path === controlPath) {
      // A page of another origin must not control the simulator through the developer's browser.
      const isForeign = headers.origin !== undefined && headers.origin !== server.origin;
      return send(response, isForeign ? foreignOrigin : control(method, rawBody));
    }

    const record: RecordedRequest = { method, path, headers, rawBody, accepted: false, status: undefined };
    requestCount += 1;
    keepLatest(requests, record, options.mostKept);
    if (method === 'POST' && path === sessionCallPath) return answerSessionCall(request, response, record);

    const answer = answerBrowser(method, path.slice(1), rawBody);
    record.status = answer.status;
    send(response, answer);
  }

  function answerBrowser(method: string, token: string, rawBody: Buffer): SimulatorResponse {
    if (method === 'GET') return assessment.enter(token);
    if (method !== 'POST') return { status: 405, body: '' };
    return assessment.end(token, new URLSearchParams(rawBody.toString()).get('ending'));
  }

  async function answerSessionCall(
    request: IncomingMessage,
    response: ServerResponse,
    record: RecordedRequest,
  ): Promise<void> {
    const played = fault;
    fault = faultAfter(played);
    const secondCall =
      played.fault === 'refuse-second' || played.fault === 'same-token' ? played.fault : 'new-session';
    const { accepted, ...honest } = vendor.answer(record.headers, record.rawBody, secondCall);
    record.accepted = accepted;

    if (played.fault === 'hang') return;
    if (played.fault === 'reset') return server.reset(request);
    if (played.fault === 'not-http') return void request.socket.end('This is not HTTP\r\n\r\n');
    if (played.fault === 'slow') await sleep(played.delayMs, undefined, { ref: false });
    const answer = distort(honest, played);
    record.status = answer.status;
    if (played.fault === 'close-mid-body') sendHalf(response, answer);
    else if (played.fault === 'encoded')
      sendEncoded(response, answer, encodings[played.encoding](answer.body));
    else send(response, answer);
  }

  function control(method: string, rawBody: Buffer): SimulatorResponse {
    try {
      if (method === 'POST') applyControl(JSON.parse(rawBody.toString()));
    } catch (error) {
      return { status: 400, body: `${String(error)}\n`, headers: { 'Content-Type': 'text/plain' } };
    }
    const state = {
      fault,
      webhook: webhook.mode,
      entry: assessment.entry,
      hmac,
      requests: requestCount,
      deliveries: webhook.deliveries,
      faults: faultHelp,
      webhooks: webhookModes,
      entries: entryModes,
    };
    return { status: 200, body: `${JSON.stringify(state, null, 2)}\n` };
  }

  /**
   * Accepts a new pair, `{"apiKey": "…", "integrationId": "…", "overlapMs": 0}`, a way to send events,
   * `{"webhook": "twice"}`, a way to enter, `{"entry": "once"}`, or a fault.
   */
  function applyControl(input: Record<string, unknown>): void {
    const { apiKey, integrationId, overlapMs = 0 } = input;
    if (typeof apiKey === 'string' && typeof integrationId === 'string' && typeof overlapMs === 'number') {
      vendor.changeCredentials({ apiKey, integrationId }, overlapMs);
    } else if ('webhook' in input) {
      const mode = oneOf(webhookModes, 'webhook', input.webhook);
      if (mode === 'previous-key' && vendor.apiKeys.length === 1) {
        throw new Error('previous-key needs a renewed key: first send {"apiKey": "…", "integrationId": "…"}');
      }
      webhook.mode = mode;
    } else if ('entry' in input) {
      assessment.entry = oneOf(entryModes, 'entry', input.entry);
    } else {
      fault = parseFault(input);
    }
  }

  return {
    origin: server.origin,
    get connections() {
      return server.connections;
    },
    requests,
    get fault() {
      return fault;
    },
    setFault: (next) => {
      fault = next;
    },
    setWebhookMode: (mode) => {
      webhook.mode = mode;
    },
    setDeployment: ({ webhookUrl, returnUrls = {} }) => {
      webhook.url = webhookUrl;
      assessment.returnUrls = returnUrls;
    },
    deliveries: webhook.deliveries,
    get apiKeys() {
      return vendor.apiKeys;
    },
    changeCredentials: (next, { overlapMs } = {}) => vendor.changeCredentials(next, overlapMs),
    answerFor: server.answerFor,
    closeIdleConnections: server.closeIdleConnections,
    refuseConnections: server.refuseConnections,
    close: async () => {
      webhook.close();
      await server.close();
    },
  };
}

/** @throws Error that says what is allowed */
function oneOf<Mode extends string>(modes: Record<Mode, string>, name: string, value: unknown): Mode {
  if (typeof value === 'string' && Object.hasOwn(modes, value)) return value as Mode;
  throw new Error(`${name} must be one of ${Object.keys(modes).join(', ')}`);
}

function send(response: ServerResponse, answer: SimulatorResponse): void {
  response.writeHead(answer.status, headersOf(answer)).end(answer.body);
}

function sendHalf(response: ServerResponse, answer: SimulatorResponse): void {
  response.writeHead(answer.status, headersOf(answer));
  response.write(answer.body.slice(0, answer.body.length / 2), () => response.destroy());
}

function sendEncoded(
  response: ServerResponse,
  answer: SimulatorResponse,
  { headers, body }: ReturnType<(typeof encodings)['gzip']>,
): void {
  const sent = { ...headersOf(answer), 'Content-Length': body.length, ...headers };
  response.writeHead(answer.status, sent).end(body);
}

function headersOf({ headers, body }: SimulatorResponse): Record<string, string | number> {
  return { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers };
}
