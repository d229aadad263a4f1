// Hands an applicant over to the assessment: node hand-over.mjs, then open http://127.0.0.1:8080/
// Without API_KEY, calls are signed: npm install @smithy/signature-v4@5 @aws-crypto/sha256-js@5 @aws-sdk/credential-provider-node@3
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const { SESSIONS_URL, API_KEY, AWS_REGION, PORT = 8080 } = process.env;
if (!SESSIONS_URL) stop('Set SESSIONS_URL to the output SessionsUrl of the stack.');
if (!API_KEY && !AWS_REGION) stop('Set API_KEY, or AWS_REGION and AWS credentials to sign the calls.');

// Without accept, the answer is a 302: a client that follows it takes the key along
const json = { 'content-type': 'application/json', accept: 'application/json' };
const authenticate = API_KEY ? async () => ({ ...json, 'x-api-key': API_KEY }) : await createSigner();

function stop(message) {
  console.error(message);
  process.exit(1);
}

async function createSigner() {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const { Sha256: sha256 } = await import('@aws-crypto/sha256-js');
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const credentials = defaultProvider(); // Environment, profile, or the role of the machine
  await credentials().catch(({ message }) => stop(`No AWS credentials: ${message}`));
  const signer = new SignatureV4({ service: 'execute-api', region: AWS_REGION, credentials, sha256 });
  const { protocol, host, hostname, pathname: path } = new URL(SESSIONS_URL);
  const call = { method: 'POST', protocol, hostname, path, headers: { ...json, host } };
  return async (body) => (await signer.sign({ ...call, body })).headers;
}

async function callService(headers, body, timeoutMs) {
  const response = await fetch(SESSIONS_URL, {
    method: 'POST',
    headers,
    body,
    redirect: 'manual', // A 302 is for the applicant's browser
    signal: AbortSignal.timeout(timeoutMs),
  });
  const { status } = response;
  if (status === 302) return { url: response.headers.get('location') };
  if (status === 201) return await response.json();
  const problem = await response.json().catch(() => undefined); // A proxy may answer with a page
  const { code, detail } = problem ?? {};
  const [requestId, retryAfter] = ['x-request-id', 'retry-after'].map((name) => response.headers.get(name));
  return { status, code, detail, requestId, retryAfter };
}

const isBusy = (status) => status === 429 || status === 503;

/** How long to wait before the same call can succeed. */
function secondsToWait({ status, retryAfter }) {
  if (isBusy(status)) return /^\d+$/.test(retryAfter) ? Number(retryAfter) : Infinity;
  // Without an answer or after another 5xx, there may be a session. The same uid leads to it.
  return !status || status >= 500 ? 2 : Infinity;
}

/** Resolves to where the browser must go, as `url`: a credential, so keep it out of logs. Else to what went wrong. */
async function handOver(uid) {
  const body = JSON.stringify({ uid });
  const giveUpAt = Date.now() + 30_000; // The applicant waits
  for (let repeats = 2; ; ) {
    const headers = await authenticate(body); // For each call: a signature is good for 5 minutes
    const timeoutMs = Math.min(20_000, giveUpAt - Date.now()); // The service answers within 15 s
    const answer = await callService(headers, body, timeoutMs).catch(() => ({ code: 'no_answer' }));
    const waitMs = secondsToWait(answer) * 1000;
    const hasTime = waitMs <= 10_000 && Date.now() + waitMs < giveUpAt - 5_000;
    if (answer.url || repeats <= 0 || !hasTime) return answer;
    repeats -= isBusy(answer.status) ? 1 : 2;
    await sleep(waitMs);
  }
}

const page =
  '<!doctype html><title>Loan app</title><form method="post"><button>Start the assessment</button></form>';

const server = createServer(async (request, reply) => {
  if (request.method !== 'POST') return reply.setHeader('Content-Type', 'text/html').end(page);
  const uid = process.argv[2] ?? 'ABCDE-12345'; // Yours: of the applicant who is signed in
  const { url, status, code, requestId, detail } = await handOver(uid).catch(({ name }) => ({ code: name }));
  if (url) return reply.writeHead(302, { Location: url, 'Cache-Control': 'no-store' }).end();
  console.error('Hand-off failed:', ...[status, code, requestId, detail].filter(Boolean));
  const canHelp = !status || status === 429 || status >= 500;
  reply.writeHead(503).end(canHelp ? 'Please try again in a moment.' : 'Please contact us.');
});
server.listen(PORT, '127.0.0.1', () => console.log(`Open http://127.0.0.1:${server.address().port}/`));
