import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

// From your secret store. The previous key stays until its last repetitions have arrived.
const apiKeys = [process.env.BEGINI_API_KEY, process.env.BEGINI_PREVIOUS_API_KEY].filter(Boolean);
const ofOurOwnTests = /^(ROTCHK[\da-f]{32}|DOCTOR[\da-f]{20})$/;
const seen = new Set(); // Deployed: a table with a unique key, which all your receivers share

const isSigned = (rawBody, signature) =>
  apiKeys.some((apiKey) => {
    const expected = Buffer.from(createHmac('sha512', apiKey).update(rawBody).digest('hex'));
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  });

async function receive(request, reply) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const rawBody = Buffer.concat(chunks); // the bytes as received: parsed and written again, they may differ
  if (!isSigned(rawBody, Buffer.from(String(request.headers['x-signature']))))
    return reply.writeHead(401).end();

  const { uid, event } = JSON.parse(rawBody);
  const digest = createHash('sha256').update(rawBody).digest('hex'); // Begini documents no id of an event
  if (!seen.has(digest) && !ofOurOwnTests.test(uid)) {
    console.log(event.type); // Deployed: store uid and event. Never log the uid
    seen.add(digest);
  }
  reply.writeHead(200, { 'Content-Type': 'application/json' }).end('{}'); // exactly 200, and JSON
}

createServer((request, reply) => {
  receive(request, reply).catch(() => reply.writeHead(500).end()); // Begini sends it again
}).listen(Number(process.env.PORT ?? 8081), '127.0.0.1');
