import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { Authenticate } from '../doctor/authenticate.ts';
import { callStage } from '../doctor/call-stage.ts';
import type { Answer } from '../openapi/check-answer.ts';
import type { Fault } from '../stand-ins/begini/begini-faults.ts';
import type { BeginiSimulator } from '../stand-ins/begini/begini-simulator.ts';
import { htmlPage, pageHeaders } from '../stand-ins/html-page.ts';
import { type Listener, readBody } from '../stand-ins/loopback.ts';
import type { ReceivedResult } from './demo-results.ts';

/** What the demo needs to know about the service. */
export interface DemoOptions {
  /** First segment of the service's paths: the demo calls `/<stageName>/sessions` on its own host. */
  stageName: string;
  /** Adds the authentication of a loan app to a call; the credentials stay on the backend. */
  authenticate: Authenticate;
  /** Simulates Begini, and can be told to fail from the next session call on. */
  vendor: Pick<BeginiSimulator, 'fault' | 'setFault'>;
  /** Tags of the languages in which the stage shows its pages. */
  languages: readonly string[];
  /** What came from the queue, the newest first; otherwise, where results are. */
  results: readonly ReceivedResult[] | string;
}

/** The vendor's behaviours, by their names on the page. */
const noFault = 'All is well';
const firstFault = 'Begini is down (503)';
const faults: Record<string, Fault> = {
  [noFault]: { fault: 'none' },
  [firstFault]: { fault: 'status', status: 503 },
  'Begini is busy (429)': { fault: 'status', status: 429, retryAfter: 7 },
  'Begini refuses our key (401)': { fault: 'status', status: 401 },
  'Begini breaks the connection': { fault: 'reset' },
  'Begini never answers': { fault: 'hang' },
};

/** What can be chosen as the language of a link: those of the stage, each by its own name, and none. */
const languageOptions = (tags: readonly string[]): [value: string, label: string][] => [
  ['', 'as the browser says'],
  ...tags.map((tag): [string, string] => [
    tag,
    new Intl.DisplayNames(tag, { type: 'language' }).of(tag) ?? tag,
  ]),
];

/**
 * A made-up lender's loan app: each button's form goes to the app's own backend, which calls the service and passes on
 * its answer.
 * @returns the listeners, by method and path: `GET /`.
 */
export function createDemoLoanApp({
  stageName,
  authenticate,
  vendor,
  languages,
  results,
}: DemoOptions): Readonly<Record<string, Listener>> {
  /** The call a loan app's backend makes. It asks for JSON: a 302 is for the applicant's browser. */
  async function callService(origin: string, path: string, body: object): Promise<Answer> {
    const call = {
      method: 'POST',
      url: new URL(`/${stageName}${path}`, origin).href,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    };
    // The service answers within 15 s.
    return await callStage(await authenticate(call), { timeoutMs: 20_000 });
  }

  async function startNow(origin: string, form: URLSearchParams, response: ServerResponse): Promise<void> {
    const answer = await callService(origin, '/sessions', { uid: form.get('uid') ?? '' });
    if (answer.status !== 201) return showProblem(answer, response);
    const { url } = JSON.parse(answer.body) as { url: string };
    response.writeHead(302, { Location: url, 'Cache-Control': 'no-store' }).end();
  }

  async function sendLink(origin: string, form: URLSearchParams, response: ServerResponse): Promise<void> {
    const language = form.get('language') || undefined;
    const body = { uid: form.get('uid'), expires_in: 3600, language };
    const answer = await callService(origin, '/launch-links', body);
    if (answer.status !== 201) return showProblem(answer, response);
    const { url, expires_at: expiresAt } = JSON.parse(answer.body) as { url: string; expires_at: string };
    show(
      response,
      200,
      `<h1>This is the message</h1>
<p class="message">Sunrise Loans: please take the next step of your application.<br><a href="${escapeHtml(url)}">Continue your application</a></p>
<p>The link works until ${expiresAt}.</p>`,
    );
  }

  async function breakSomething(
    origin: string,
    form: URLSearchParams,
    response: ServerResponse,
  ): Promise<void> {
    vendor.setFault(faults[form.get('fault') ?? ''] ?? { fault: 'none' });
    await sendLink(origin, form, response);
  }

  /** What a loan app does with a problem: it branches on `code`, and shows `detail` only to its own staff. */
  function showProblem(answer: Answer, response: ServerResponse): void {
    const { code, detail } = JSON.parse(answer.body) as { code: string; detail: string };
    const heading = '<h1>That did not work</h1>';
    show(response, answer.status, `${heading}<p><code>${code}</code></p><p>${escapeHtml(detail)}</p>`);
  }

  /** Each page says how Begini behaves at the moment, and links back to the first page. */
  function show(response: ServerResponse, statusCode: number, body: string): void {
    const isHome = body.includes('<form');
    // Not "no-referrer": browsers would then send "Origin: null" with a form.
    response.writeHead(statusCode, { ...pageHeaders, 'Referrer-Policy': 'same-origin' });
    response.end(
      htmlPage(
        'Sunrise Loans',
        style,
        `<header><p>Begini at the moment: <strong>${escapeHtml(nameOf(vendor.fault))}</strong></p></header>
<main>
${body}
${isHome ? '' : '<p><a href="/">Back to the loan app</a></p>'}
</main>`,
      ),
    );
  }

  /** Makes a listener for a form of our page; another site's page gets nothing. */
  const formOf =
    (handle: (origin: string, form: URLSearchParams, response: ServerResponse) => Promise<void>): Listener =>
    async (request, response) => {
      const origin = `http://${request.headers.host}`;
      if (request.headers.origin !== origin) {
        return show(response, 403, '<h1>This request did not come from our page</h1>');
      }
      const form = new URLSearchParams((await readBody(request, 4_096))?.toString());
      await handle(origin, form, response);
    };

  function renderReceived(): string {
    if (typeof results === 'string') return `<p>Results go to <code>${escapeHtml(results)}</code>.</p>`;
    const rows = results.map(
      ({ uid, type, score }) =>
        `<li>${escapeHtml(uid)}: <code>${escapeHtml(type)}</code>${score === undefined ? '' : `, score ${Number(score)}`}</li>`,
    );
    return rows.length === 0
      ? '<p role="status">No result has arrived yet. <a href="/">Look again</a></p>'
      : `<h2>Taken from the queue by our backend, newest first</h2>\n<div role="status"><ul>${rows.join('')}</ul></div>`;
  }

  return {
    'GET /': async (_, response) =>
      show(response, 200, startPage(nameOf(vendor.fault), languages) + renderReceived()),
    'POST /start': formOf(startNow),
    'POST /send-link': formOf(sendLink),
    'POST /break': formOf(breakSomething),
  };
}

/** The name of a fault; a fault that was set at the simulator's own address may have none here. */
function nameOf(fault: Fault): string {
  const isSame = (known: Fault) => isDeepStrictEqual(known, fault);
  return Object.keys(faults).find((name) => isSame(faults[name] as Fault)) ?? JSON.stringify(fault);
}

/** Another applicant each time: an applicant with a session gets it again, even if Begini fails. */
const newUid = () => `DEMO-${randomUUID().slice(0, 8)}`;

const startPage = (currentFault: string, languages: readonly string[]) => `<h1>Sunrise Loans</h1>
<p>A made-up lender. Its backend calls the service on this machine, and a simulator plays Begini.</p>
<form method="post" action="/start">
<label>Customer id (uid) <input name="uid" value="${newUid()}" pattern="[A-Za-z0-9\\-]{5,60}" required></label>
<button>Start now</button>
<label>Language of the link ${renderSelect('language', languageOptions(languages))}</label>
<button formaction="/send-link">Send me a link</button>
<fieldset>
<legend>What an applicant sees</legend>
<label>When this happens ${renderSelect(
  'fault',
  Object.keys(faults).map((name) => [name, name]),
  currentFault === noFault ? firstFault : currentFault,
)}</label>
<button formaction="/break">Break something</button>
</fieldset>
</form>`;

function renderSelect(
  name: string,
  options: readonly (readonly [string, string])[],
  selected?: string,
): string {
  const items = options.map(
    ([value, label]) => `<option value="${value}"${value === selected ? ' selected' : ''}>${label}</option>`,
  );
  return `<select name="${name}">${items.join('')}</select>`;
}

const style = `
:root{color-scheme:light dark;--page:#faf6f2;--card:#fff;--text:#16181d;--line:#8a8f98;--brand:#9a3412}
@media(prefers-color-scheme:dark){:root{--page:#0d0f12;--card:#17191e;--text:#f2f3f5;--line:#7d838d;--brand:#ff7c66}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:1.125rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:34rem;margin:0 auto;padding:1.5rem 20px}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.3}
h2{margin:1.5rem 0 .5rem;font-size:1.125rem}
ul{padding-left:1.25rem}
a{color:var(--brand)}
label{display:block;font-weight:600}
input,select,button{width:100%;min-height:3rem;margin:.25rem 0 1rem;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);color:inherit;font:inherit}
button{margin-bottom:1.75rem;border-color:var(--brand);background:var(--brand);color:var(--card);font-weight:700}
fieldset{margin:0;padding:.75rem 1rem 0;border:1px solid var(--line);border-radius:.5rem}
fieldset button{margin-bottom:1rem}
.message{padding:1rem;border-radius:1rem 1rem 1rem 0;background:var(--card)}
header{border-bottom:1px solid var(--line);background:var(--card);font-size:1rem}
header p{max-width:34rem;margin:0 auto;padding:.5rem 20px}
:focus-visible{outline:3px solid var(--text);outline-offset:2px}
`;

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
