// Hands an applicant over to the assessment: node hand-over.mjs, then open http://127.0.0.1:8080/
// Without API_KEY, calls are signed: npm install @smithy/signature-v4 @aws-crypto/sha256-js @aws-sdk/credential-provider-node
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const { SESSIONS_URL, API_KEY, AWS_REGION, PORT = 8080 } = process.env; // SESSIONS_URL: the stack's output SessionsUrl
const uid = process.argv[2] ?? 'ABCDE-12345'; // Yours: of the applicant who is signed in

const json = { 'content-type': 'application/json' };
const authenticate = API_KEY ? async () => ({ ...json, 'x-api-key': API_KEY }) : await createSigner();

async function createSigner() {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const { Sha256: sha256 } = await import('@aws-crypto/sha256-js');
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const credentials = defaultProvider(); // Environment, profile, or the role of the machine
  const signer = new SignatureV4({ service: 'execute-api', region: AWS_REGION, credentials, sha256 });
  const { protocol, host, hostname, pathname: path } = new URL(SESSIONS_URL);
  const call = { method: 'POST', protocol, hostname, path, headers: { ...json, host } };
  return async (body) => (await signer.sign({ ...call, body })).headers;
}

async function callService(headers, body) {
  const response = await fetch(SESSIONS_URL, {
    method: 'POST',
    headers,
    body,
    redirect: 'manual', // A 302 is for the applicant's browser
    signal: AbortSignal.timeout(20_000), // The service answers within 15 s
  });
  const { status } = response;
  if (status === 302) return { url: response.headers.get('location') };
  if (status === 201) return await response.json(); // Where the call has the header Accept: application/json
  const problem = await response.json().catch(() => undefined); // API Gateway may answer with a page
  const retryAfter = status === 429 || status === 503 ? response.headers.get('retry-after') : null;
  const waitSeconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : Infinity;
  return { status, code: problem?.code, requestId: response.headers.get('x-request-id'), waitSeconds };
}

/** Resolves to where the browser must go, as `url`: a credential, so keep it out of logs. Else to what went wrong. */
async function handOver() {
  const body = JSON.stringify({ uid });
  for (let repeats = 2; ; repeats -= 1) {
    const headers = await authenticate(body); // For each call: a signature is good for 5 minutes
    // Where the answer is lost, a session may exist. The same uid leads to it.
    const answer = await callService(headers, body).catch(() => ({ code: 'no_answer', waitSeconds: 1 }));
    if (answer.url || repeats === 0 || answer.waitSeconds > 10) return answer;
    await sleep(answer.waitSeconds * 1000);
  }
}

const page =
  '<!doctype html><title>Loan app</title><form method="post"><button>Start the assessment</button></form>';

const server = createServer(async (request, reply) => {
  if (request.method !== 'POST') return reply.setHeader('Content-Type', 'text/html').end(page);
  const { url, status, code, requestId } = await handOver().catch((error) => ({ code: error.name }));
  if (url) return reply.writeHead(302, { Location: url, 'Cache-Control': 'no-store' }).end();
  console.error('Hand-off failed:', status, code, requestId);
  const canHelp = !status || status === 429 || status >= 500;
  reply.writeHead(503).end(canHelp ? 'Please try again in a moment.' : 'Please contact us.');
});
server.listen(PORT, '127.0.0.1', () => console.log(`Open http://127.0.0.1:${server.address().port}/`));
