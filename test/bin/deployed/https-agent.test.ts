import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHttpsAgent, isOnTheWay } from '../../../bin/deployed/https-agent.ts';
import { makeCertificate } from '../../../bin/stand-ins/certificate.ts';
import { type LoopbackServer, startLoopbackServer } from '../../../bin/stand-ins/loopback.ts';
import { type HttpProxy, startProxy } from '../../support/proxy.ts';

let server: LoopbackServer;
let proxy: HttpProxy;
let AWS_CA_BUNDLE: string;
beforeAll(async () => {
  const certificate = await makeCertificate();
  AWS_CA_BUNDLE = join(await mkdtemp(join(tmpdir(), 'begini-session-bundle-')), 'bundle.pem');
  await writeFile(AWS_CA_BUNDLE, certificate.cert);
  proxy = await startProxy();
  server = await startLoopbackServer({
    tls: certificate,
    listener: async (_, response) => void response.end(),
  });
});
afterAll(async () => {
  proxy.close();
  await server.close();
});

/** The status of a call to the server with this environment, or the code of its error; and the proxy's targets. */
async function call(environment: Record<string, string>) {
  proxy.targets.length = 0;
  const sent = request(server.origin, { agent: createHttpsAgent(environment) }).end();
  const result = await once(sent, 'response').then(
    ([response]) => response.resume().statusCode,
    ({ code }) => code,
  );
  return { result, targets: [...proxy.targets] };
}

test('follows the proxy of the environment, with and without a scheme, but not for the hosts of NO_PROXY', async () => {
  const HTTPS_PROXY = proxy.url;
  const { host } = new URL(server.origin);
  expect(await call({ AWS_CA_BUNDLE, HTTPS_PROXY })).toEqual({ result: 200, targets: [host] });
  expect(await call({ AWS_CA_BUNDLE, HTTPS_PROXY, NO_PROXY: '127.0.0.1' })).toEqual({
    result: 200,
    targets: [],
  });
  for (const url of [HTTPS_PROXY, new URL(HTTPS_PROXY).host]) {
    expect(await call({ AWS_CA_BUNDLE, HTTPS_PROXY: url })).toMatchObject({ targets: [host] });
    expect(await call({ AWS_CA_BUNDLE, https_proxy: url })).toMatchObject({ targets: [host] });
  }
});

test('trusts the certificates of AWS_CA_BUNDLE, and an unknown one not', async () => {
  expect(await call({ AWS_CA_BUNDLE })).toMatchObject({ result: 200 });
  const { result } = await call({});
  expect(result).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  expect(isOnTheWay(result)).toBe(true);
});

test('names an AWS_CA_BUNDLE that cannot be read', () => {
  expect(() => createHttpsAgent({ AWS_CA_BUNDLE: '/nonexistent' })).toThrow(
    'The file of AWS_CA_BUNDLE cannot be read: ENOENT.',
  );
});

test.each([
  ['ENOTFOUND', true],
  ['ECONNREFUSED', true],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', true],
  ['ERR_TLS_CERT_ALTNAME_INVALID', true],
  ['ERR_PROXY_TUNNEL', true],
  ['TimeoutError', true],
  ['AccessDenied', false],
  ['ERR_INVALID_ARG_TYPE', false],
  ['', false],
])('%j is a failure on the way to AWS: %s', (reason, expected) => {
  expect(isOnTheWay(reason)).toBe(expected);
});
