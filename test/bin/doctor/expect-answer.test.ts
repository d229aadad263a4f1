import { expect, test } from '@jest/globals';
import { withSignature } from '../../../bin/doctor/authenticate.ts';
import { callStage } from '../../../bin/doctor/call-stage.ts';
import { contractChecks, handOffCheck } from '../../../bin/doctor/contract-checks.ts';
import { edgeChecks } from '../../../bin/doctor/edge-checks.ts';
import { runChecks } from '../../../bin/doctor/run-checks.ts';
import { type Listener, startLoopbackServer } from '../../../bin/stand-ins/loopback.ts';
import { securityHeaders } from '../../../functions/http/security-headers.ts';

const requestId = 'd4f30c0e-4b0c-4f0a-9a6b-6a5f4f4f2b11';
const headers = { ...securityHeaders, 'x-request-id': requestId, 'content-type': 'application/json' };
const forbidden = JSON.stringify({ code: 'forbidden', instance: requestId });
const commands = { deploy: 'npx cdk deploy BeginiSession-Demo', rotate: 'npm run rotate -- --stage demo' };

/** What the first check of a stranger finds of a stage that answers like this. */
async function examine(listener: Listener, kind: 'edge' | 'hand-off' = 'edge') {
  const server = await startLoopbackServer({ listener });
  const edge = { baseUrl: server.origin, launchLinks: false, commands };
  const contract = { ...edge, firewall: false, resume: true, authenticate: async <T>(request: T) => request };
  const checks = kind === 'edge' ? edgeChecks(edge).slice(0, 1) : [handOffCheck(contract)];
  const [finding] = await runChecks(checks, () => undefined);
  await server.close();
  return finding;
}

test('an answer as in the contract is ok', async () => {
  const finding = await examine(async (_, response) => {
    response.writeHead(403, headers).end(forbidden);
  });
  expect(finding?.status).toBe('ok');
});

test('names a header that is missing', async () => {
  const { 'Referrer-Policy': _, ...others } = headers;
  const finding = await examine(async (_request, response) => {
    response.writeHead(403, others).end(forbidden);
  });
  expect(finding).toMatchObject({ status: 'wrong', found: expect.stringContaining('Referrer-Policy') });
});

test('says what to do where a program gets HTML for */*', async () => {
  const finding = await examine(async ({ headers: { accept } }, response) => {
    const isHtml = accept === '*/*';
    response.writeHead(403, isHtml ? { ...headers, 'content-type': 'text/html' } : headers).end(forbidden);
  });
  expect(finding).toMatchObject({
    status: 'to do',
    next: expect.stringContaining('Accept: application/json'),
  });
});

test.each([
  ['is not there', {}, 'x-request-id'],
  ['has another form', { 'x-request-id': 'Root=1-5759e988' }, 'x-request-id'],
  ['is not the problem’s', { 'x-request-id': requestId.replace('d', 'e') }, 'its instance'],
])('finds a request id that %s', async (_, change, part) => {
  const { 'x-request-id': _honest, ...others } = headers;
  const finding = await examine(async (_request, response) => {
    response.writeHead(403, { ...others, ...change }).end(forbidden);
  });
  expect(finding).toMatchObject({ status: 'wrong', found: expect.stringContaining(part) });
});

test('a stage that lets more than 10 MB through is wrong, and one that ends the upload is not judged', async () => {
  const finish = async (listener: Listener) => {
    const server = await startLoopbackServer({ listener });
    const contract = { baseUrl: server.origin, launchLinks: false, firewall: true, resume: false, commands };
    const checks = contractChecks({ ...contract, authenticate: async (request) => request });
    const findings = await runChecks(
      checks.filter(({ name }) => name.includes('10 MB')),
      () => undefined,
    );
    await server.close();
    return findings;
  };
  const answering = (status: number) => () =>
    finish(async (request, response) => {
      request.resume();
      response.writeHead(status).end();
    });
  expect(await answering(413)()).toMatchObject([{ status: 'ok' }]);
  expect(await answering(403)()).toMatchObject([{ status: 'ok' }]);
  expect(await answering(302)()).toMatchObject([{ status: 'wrong', found: 'status 302, not 413 or 403' }]);
  expect(await finish(async (request) => void request.destroy())).toMatchObject([{ status: 'not checked' }]);
});

test('finds a proxy that rewrites answers', async () => {
  const finding = await examine(async (_, response) => {
    response.writeHead(407).end('<html>');
  });
  expect(finding).toMatchObject({ status: 'wrong', found: expect.stringContaining('status 407') });
});

test('finds another session for the second hand-off, and shows none of them', async () => {
  let calls = 0;
  const finding = await examine(async (_, response) => {
    calls += 1;
    const url = `https://app.psychometric.me/token-${calls}`;
    response.writeHead(201, headers).end(JSON.stringify({ url, expires_at: null, resumed: false }));
  }, 'hand-off');
  expect(finding).toMatchObject({ status: 'wrong', found: expect.stringContaining('another session') });
  expect(JSON.stringify(finding)).not.toContain('token-');
});

test('says that the pair was never put in', async () => {
  const finding = await examine(async (_, response) => {
    response.writeHead(503, headers).end('{"code":"credentials_not_set"}');
  }, 'hand-off');
  expect(finding).toMatchObject({ status: 'to do', next: expect.stringContaining('npm run rotate') });
});

test('a URL that does not answer is wrong, without a stack trace', async () => {
  const contract = {
    baseUrl: 'http://127.0.0.1:1',
    launchLinks: false,
    firewall: false,
    resume: false,
    commands,
  };
  const checks = contractChecks({ ...contract, authenticate: async (request) => request });
  const findings = await runChecks(checks, () => undefined);
  const statuses = ['wrong', 'wrong', 'wrong', 'wrong', 'not checked'];
  expect(findings.map(({ status }) => status)).toEqual(statuses);
  expect(findings[0]?.found).toBe('no usable answer (ECONNREFUSED)');
});

test('says which action is missing where a signed call is refused', async () => {
  const signed: (string | undefined)[] = [];
  const server = await startLoopbackServer({
    listener: async (request, response) => {
      signed.push(request.headers.authorization);
      response.writeHead(403, headers).end(forbidden);
    },
  });
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-to-be-shown' };
  const contract = { baseUrl: server.origin, launchLinks: false, firewall: false, resume: false, commands };
  const [finding] = await runChecks(
    contractChecks({
      ...contract,
      action: 'execute-api:Invoke',
      authenticate: withSignature(credentials, 'eu-central-1'),
    }),
    () => undefined,
  );
  await server.close();
  expect(finding).toMatchObject({
    status: 'not checked',
    found: expect.stringContaining('execute-api:Invoke'),
  });
  expect(signed[0]).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request, SignedHeaders=[\w;-]*host[\w;-]*, Signature=[0-9a-f]{64}$/,
  );
  expect(JSON.stringify([finding, signed])).not.toContain('not-to-be-shown');
});

test('leaves the header Accept out where it is not given', async () => {
  const seen: (string | undefined)[] = [];
  const server = await startLoopbackServer({
    listener: async (request, response) => {
      seen.push(request.headers.accept);
      response.end();
    },
  });
  await callStage({ method: 'GET', url: server.origin, headers: {} });
  await server.close();
  expect(seen).toEqual([undefined]);
});
