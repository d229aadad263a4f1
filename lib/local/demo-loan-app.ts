import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from './begini-faults.ts';
import { readBody } from './loopback.ts';

/** What the demo needs of the service that it stands beside. */
export interface DemoOptions {
  /** First segment of the service's paths: the demo calls `/<stageName>/sessions` on its own host. */
  stageName: string;
  /** A real loan app keeps this on its backend, as this one does. */
  apiKey: string;
  /** Makes Begini misbehave, from the next session call on. */
  setFault(fault: Fault): void;
}

/** What the vendor can be made to do, by the words on the page. */
const faults: Record<string, Fault> = {
  'nothing: all is well again': { fault: 'none' },
  'Begini is down (503)': { fault: 'status', status: 503 },
  'Begini is busy (429)': { fault: 'status', status: 429, retryAfter: 7 },
  'Begini refuses a second session for a uid': { fault: 'refuse-second' },
  'Begini refuses our key (401)': { fault: 'status', status: 401 },
  'Begini breaks the connection': { fault: 'reset' },
  'Begini never answers': { fault: 'hang' },
};

/**
 * A made-up lender's loan app, as short as an example of the integration should be: each button's form goes to the
 * app's own backend, which calls the service and relays what it answers.
 */
export function createDemoLoanApp({ stageName, apiKey, setFault }: DemoOptions) {
  /** The call a loan app's backend makes; `redirect: 'manual'` because the 302 is for the applicant's browser. */
  const callService = (origin: string, path: string, body: object) =>
    fetch(`${origin}/${stageName}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'Content-Type': 'application/json', 'x-api-key': apiKey },
      body: JSON.stringify(body),
      // The service answers within 15 s.
      signal: AbortSignal.timeout(20_000),
    });

  async function startNow(origin: string, uid: string, response: ServerResponse): Promise<void> {
    const answer = await callService(origin, '/sessions', { uid });
    if (answer.status !== 302) return await showProblem(answer, response);
    response
      .writeHead(302, { Location: answer.headers.get('location') ?? '', 'Cache-Control': 'no-store' })
      .end();
  }

  async function sendLink(origin: string, uid: string, response: ServerResponse): Promise<void> {
    const answer = await callService(origin, '/launch-links', { uid, expires_in: 3600 });
    if (answer.status !== 201) return await showProblem(answer, response);
    const { url, expires_at: expiresAt } = (await answer.json()) as { url: string; expires_at: string };
    const link = `<a href="${escapeHtml(url)}">Continue your application</a>`;
    show(
      response,
      200,
      `<h1>This is the message</h1><p>${link}</p><p>The link works until ${expiresAt}.</p>`,
    );
  }

  async function breakSomething(
    origin: string,
    form: URLSearchParams,
    response: ServerResponse,
  ): Promise<void> {
    setFault(faults[form.get('fault') ?? ''] ?? { fault: 'none' });
    await sendLink(origin, form.get('uid') ?? '', response);
  }

  return async function demoLoanApp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = `http://${request.headers.host}`;
    const route = `${request.method} ${request.url}`;
    if (route === 'GET /') return show(response, 200, startPage);
    if (request.method === 'POST' && request.headers.origin !== origin) {
      return show(response, 403, '<h1>This request did not come from our page</h1>');
    }
    const form = new URLSearchParams((await readBody(request, 4_096))?.toString());
    const uid = form.get('uid') ?? '';
    if (route === 'POST /start') return await startNow(origin, uid, response);
    if (route === 'POST /send-link') return await sendLink(origin, uid, response);
    if (route === 'POST /break') return await breakSomething(origin, form, response);
    show(response, 404, '<h1>There is no such page</h1>');
  };
}

/** What a loan app does with a problem: it branches on `code`, and `detail` is fit to be shown to its own people. */
async function showProblem(answer: Response, response: ServerResponse): Promise<void> {
  const { code, detail } = (await answer.json()) as { code: string; detail: string };
  show(
    response,
    answer.status,
    `<h1>That did not work</h1><p><code>${code}</code></p><p>${escapeHtml(detail)}</p>`,
  );
}

const startPage = `
<h1>Sunrise Loans</h1>
<p>A made-up lender. Its backend calls the service on this machine, and a simulator plays Begini.</p>
<form method="post" action="/start">
<label>Customer id (uid) <input name="uid" value="ABCDE-12345" pattern="[A-Za-z0-9\\-]{5,60}" required></label>
<button>Start now</button>
<button formaction="/send-link">Send me a link</button>
<fieldset>
<legend>What an applicant sees</legend>
<label>When this happens <select name="fault">${Object.keys(faults)
  .map((name) => `<option>${name}</option>`)
  .join('')}</select></label>
<button formaction="/break">Break something</button>
</fieldset>
</form>`;

const style = `
*{box-sizing:border-box}
body{max-width:34rem;margin:auto;padding:2rem 1.25rem;color:#16181d;font:1.125rem/1.55 system-ui,sans-serif}
h1{margin:0 0 .75rem;font-size:1.75rem;line-height:1.2}
label{display:block;font-weight:600}
input,select,button{width:100%;min-height:3rem;margin:.25rem 0 1rem;padding:.5rem .75rem;font:inherit}
button{border:0;border-radius:.5rem;background:#7a2e0e;color:#fff;font-weight:600}
fieldset{margin-top:1rem;border:1px solid #8a8f98;border-radius:.5rem}
`;

function show(response: ServerResponse, statusCode: number, body: string): void {
  response.writeHead(statusCode, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    // Not "no-referrer": browsers would then send "Origin: null" with a form.
    'Referrer-Policy': 'same-origin',
  });
  response.end(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sunrise Loans</title>
<style>${style}</style>
</head>
<body><main>${body}</main></body>
</html>
`);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
