import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from '../../bin/local/local-service.ts';
import { localApiKey } from '../../bin/stand-ins/local-stage.ts';
import { startLoopbackServer } from '../../bin/stand-ins/loopback.ts';
import { startService } from '../support/service.ts';
import { runExample, type ScriptedService, startScriptedService } from './run-example.ts';

describe('a client that follows redirects, such as fetch,', () => {
  test.each([
    ['opens the session, and takes the key of the loan app to its host', {}, 200, ['local-loan-app']],
    ['does neither if it asks for JSON', { Accept: 'application/json' }, 201, []],
  ])('%s', async (_, accept, status, expected) => {
    const keys: unknown[] = [];
    const assessment = await startLoopbackServer({
      async listener(request, response) {
        keys.push(request.headers['x-api-key']);
        response.end();
      },
    });
    const service = await startService({ assessment: assessment.origin.replace('127.0.0.1', 'localhost') });
    const headers = { 'Content-Type': 'application/json', 'x-api-key': localApiKey, ...accept };
    const answer = await fetch(service.url, { method: 'POST', headers, body: '{"uid":"ABCDE-12345"}' });
    expect([answer.status, keys]).toEqual([status, expected]);
    await service.close();
    await assessment.close();
  });
});

// `npm run test:examples` runs each example against each fault, with both ways of authentication.
describe('the example for Node.js', () => {
  let service: LocalService;
  let scripted: ScriptedService;
  beforeAll(async () => {
    service = await startLocalService(0);
    scripted = await startScriptedService();
  });
  afterAll(async () => {
    await scripted.close();
    await service.close();
  });

  const handOver = (url: string) =>
    runExample('node', { SESSIONS_URL: url, API_KEY: localApiKey }, 'ABCDE-12345');

  test('sends the browser into the assessment', async () => {
    const { url } = await handOver(`${service.gateway.url}/sessions`);
    expect(url).toMatch(new RegExp(`^${service.vendor.origin}/`));
    expect(service.vendor.requests).toHaveLength(1);
  });

  test('calls again with the same uid where the answer was lost', async () => {
    scripted.play('lose', { status: 302, headers: { Location: 'https://app.psychometric.me/a.b.c' } });
    expect((await handOver(scripted.url)).url).toBe('https://app.psychometric.me/a.b.c');
    expect(scripted.bodies).toEqual(['{"uid":"ABCDE-12345"}', '{"uid":"ABCDE-12345"}']);
  });

  test('reports what waiting does not help', async () => {
    scripted.play({ status: 503, headers: { 'Retry-After': '60' }, body: { code: 'credentials_not_set' } });
    const { url, output } = await handOver(scripted.url);
    expect(url).toBeUndefined();
    expect(output).toContain('Hand-off failed: 503 credentials_not_set');
    expect(scripted.bodies).toHaveLength(1);
  });

  test('says to install the versions that it is tested with', () => {
    const read = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8');
    const { devDependencies } = JSON.parse(read('../../package.json'));
    const [line = ''] = read('hand-over.mjs').match(/npm install .*/) ?? [];
    const named = [...line.matchAll(/(@[\w/-]+)@(\d+)/g)];
    expect(named).toHaveLength(3);
    for (const [, name = '', major] of named) expect(devDependencies[name].split('.')[0]).toBe(major);
  });
});
