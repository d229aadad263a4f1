import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  distort,
  type Fault,
  faultAfter,
  faultHelp,
  parseFault,
  type SimulatorResponse,
} from './begini-faults.ts';
import type { BeginiCredentials, HmacMode } from './begini-session-call.ts';
import { checkAccessToken } from './begini-token.ts';
import { BeginiVendor } from './begini-vendor.ts';
import { type LoopbackServer, readBody, startLoopbackServer } from './loopback.ts';

/** The credentials a simulator starts with: fictional, and of use nowhere else. */
export const simulatedCredentials: BeginiCredentials = {
  apiKey: 'simulated-api-key-7f3a9c',
  integrationId: 'simulated-integration-1',
};

/** How to start a simulator; everything has a default. */
export interface SimulatorOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Key and certificate as PEM: the simulator then speaks HTTPS. */
  tls?: { key: string; cert: string };
  /** Default {@link simulatedCredentials}. */
  credentials?: BeginiCredentials;
  /** Default `required`. */
  hmac?: HmacMode;
  /** Life of a session, 24 hours by default; 0 hands out expired links. */
  sessionLifeSeconds?: number;
}

/** A request that reached the simulator, those to its control endpoint left out. */
export interface RecordedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  rawBody: Buffer;
  /** For a session call: whether it deserved a session, whatever the fault made of it. */
  accepted: boolean;
  /** The status answered; `undefined` where none was: the connection hung or broke. */
  status: number | undefined;
}

/** A running simulator of the vendor's API and of its assessment, both at one origin. */
export interface BeginiSimulator
  extends Pick<LoopbackServer, 'origin' | 'connections' | 'closeIdleConnections' | 'close'> {
  readonly requests: readonly RecordedRequest[];
  /** How it misbehaves at the moment. */
  readonly fault: Fault;
  setFault(fault: Fault): void;
  /** Rotates the key. The old pair dies at once, or after `overlapMs`. */
  changeCredentials(next: BeginiCredentials, options?: { overlapMs?: number }): void;
}

const sessionCallPath = '/v1/sessions-management/tokens';
const controlPath = '/_control';
const largestBodyBytes = 1_000_000;
const foreignOrigin: SimulatorResponse = {
  status: 403,
  body: 'This request came from a page of another origin\n',
};
const daySeconds = 86_400;

/**
 * Stands in for Begini: `POST /v1/sessions-management/tokens` as documented, `GET /{token}` where the assessment
 * would be, and `/_control` to see and set how it misbehaves.
 */
export async function startBeginiSimulator(options: SimulatorOptions = {}): Promise<BeginiSimulator> {
  const { credentials = simulatedCredentials, hmac = 'required', sessionLifeSeconds = daySeconds } = options;
  const vendor = new BeginiVendor(credentials, hmac, sessionLifeSeconds);
  const requests: RecordedRequest[] = [];
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
    requests.push(record);
    if (method === 'POST' && path === sessionCallPath) return answerSessionCall(request, response, record);

    const answer = method === 'GET' ? assessmentPage(path.slice(1)) : { status: 405, body: '' };
    record.status = answer.status;
    send(response, answer);
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
    else send(response, answer);
  }

  function control(method: string, rawBody: Buffer): SimulatorResponse {
    try {
      if (method === 'POST') applyControl(JSON.parse(rawBody.toString()));
    } catch (error) {
      return { status: 400, body: `${String(error)}\n`, headers: { 'Content-Type': 'text/plain' } };
    }
    const state = { fault, hmac, requests: requests.length, faults: faultHelp };
    return { status: 200, body: `${JSON.stringify(state, null, 2)}\n` };
  }

  /** Takes a fault, or a new pair: `{"apiKey": "…", "integrationId": "…", "overlapMs": 0}`. */
  function applyControl(input: Record<string, unknown>): void {
    const { apiKey, integrationId, overlapMs = 0 } = input;
    if (typeof apiKey === 'string' && typeof integrationId === 'string' && typeof overlapMs === 'number') {
      vendor.changeCredentials({ apiKey, integrationId }, overlapMs);
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
    changeCredentials: (next, { overlapMs } = {}) => vendor.changeCredentials(next, overlapMs),
    closeIdleConnections: server.closeIdleConnections,
    close: server.close,
  };
}

function send(response: ServerResponse, answer: SimulatorResponse): void {
  response.writeHead(answer.status, headersOf(answer)).end(answer.body);
}

function sendHalf(response: ServerResponse, answer: SimulatorResponse): void {
  response.writeHead(answer.status, headersOf(answer));
  response.write(answer.body.slice(0, answer.body.length / 2), () => response.destroy());
}

function headersOf({ headers, body }: SimulatorResponse): Record<string, string | number> {
  return { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers };
}

/** The page never shows what the token says: it is a credential, and holds the uid. */
function assessmentPage(token: string): SimulatorResponse {
  const pages = {
    valid: {
      status: 200,
      title: 'This is where the Begini assessment would start',
      text: 'On a deployed stage the applicant is now at psychometric.me, and answers questions for 3 to 5 minutes.',
    },
    expired: {
      status: 410,
      title: 'This assessment link has expired',
      text: 'Begini leads the applicant to the expiry URL of the Deployment Centre.',
    },
    unknown: { status: 404, title: 'There is no such assessment', text: 'The address is not whole.' },
  };
  const { status, title, text } = pages[checkAccessToken(token)];
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Begini simulator</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<p class="simulator">Simulator</p>
<h1>${title}</h1>
<p>This page comes from a simulator on this machine. ${text}</p>
</main>
</body>
</html>
`,
  };
}

const pageStyle = `
:root{color-scheme:light dark}
body{margin:0;font:1.125rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:34rem;margin:0 auto;padding:2rem 20px}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.3}
.simulator{display:inline-block;margin:0 0 1.5rem;padding:.125rem .75rem;border:2px dashed;border-radius:1rem;font-size:1rem;font-weight:700}
`;
