import { buildDocument } from '../openapi/build-document.ts';
import type { Listener } from '../stand-ins/loopback.ts';

/** Answers with the OpenAPI document, with this server as its only server. */
export function serveContract(stageName: string): Listener {
  return async ({ headers: { host } }, response) => {
    const document = { ...buildDocument(), servers: [{ url: `http://${host}/${stageName}` }] };
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
  };
}
