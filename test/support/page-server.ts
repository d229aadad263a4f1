import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from '../../bin/stand-ins/certificate.ts';

/** An https server on this machine. */
export type PageServer = { port: number; close(): void };

/** What a server answers: a page, or a redirect. */
export type PageAnswer = [status: number, headers: Record<string, string>, body: string];

/** Starts an https server that gives every request this answer; the name "localhost" is another origin than its address. */
export async function startPageServer(answer: () => PageAnswer): Promise<PageServer> {
  const server = createServer(await makeCertificate(), (_, response) => {
    const [status, headers, body] = answer();
    response.writeHead(status, { 'Content-Type': 'text/html', ...headers }).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Where the assessment leads. */
export const arrivedHeading = 'The assessment, one origin further';

/** Starts an assessment whose server redirects to another origin, as the vendor's may. */
export async function startAssessment(): Promise<{ origin: string; arrivedUrl: string; close(): void }> {
  const elsewhere = await startPageServer(() => [200, {}, `<h1>${arrivedHeading}</h1>`]);
  const arrivedUrl = `https://localhost:${elsewhere.port}/start`;
  const assessment = await startPageServer(() => [302, { Location: arrivedUrl }, '']);
  return {
    origin: `https://127.0.0.1:${assessment.port}`,
    arrivedUrl,
    close() {
      assessment.close();
      elsewhere.close();
    },
  };
}
