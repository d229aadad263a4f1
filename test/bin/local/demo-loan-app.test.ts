import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LocalService } from '../../../bin/local/local-service.ts';
import { applicantPageOf } from '../../../lib/stages/applicant-page.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { startLocalService } = await import('../../../bin/local/local-service.ts');
const { simulatedCredentials } = await import('../../../bin/stand-ins/begini/begini-simulator.ts');
afterAll(() => time.restore());

let service: LocalService;
let origin: string;

beforeEach(async () => {
  service = await startLocalService(0);
  origin = new URL(service.gateway.url).origin;
});
afterEach(() => service.close());

const post = (path: string, form: Record<string, string>, headers: Record<string, string> = { origin }) =>
  fetch(`${origin}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams({ uid: 'ABCDE-12345', ...form }),
  });

test('passes the redirect of POST /sessions on to the browser', async () => {
  const response = await post('/start', {});
  expect(response.status).toBe(302);
  expect(response.headers.get('location')).toMatch(new RegExp(`^${service.vendor.origin}/[\\w.-]+$`));
  expect(response.headers.get('cache-control')).toBe('no-store');
});

test('shows the code and the detail of a problem, and no uid', async () => {
  const response = await post('/start', { uid: '<b>x</b>' });
  expect(response.status).toBe(422);
  const html = await response.text();
  expect(html).toContain('<code>invalid_uid</code>');
  expect(html).toContain('&#34;uid&#34; must be a string of 5 to 60 letters, digits and hyphens.');
  expect(html).not.toContain('<b>');
});

test.each(['/start', '/send-link', '/break'])('refuses %s from another site’s page', async (path) => {
  for (const headers of [{}, { origin: 'https://evil.example' }, { origin: 'null' }]) {
    expect((await post(path, { fault: 'Begini is down (503)' }, headers)).status).toBe(403);
  }
  expect(service.vendor.requests).toHaveLength(0);
  expect((await post('/start', {})).status).toBe(302);
});

test('leaves every other path and method to the gateway', async () => {
  for (const path of ['/sessions', '/production/sessions', '/start']) {
    const response = await fetch(`${origin}${path}`);
    expect([response.status, await response.json()]).toEqual([403, { message: 'Forbidden' }]);
  }
  const response = await fetch(`${service.gateway.url}/start`);
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ code: 'forbidden' });
});

test('says on every page how Begini behaves, and links back from all pages except the first', async () => {
  const pageOf = async (response: Promise<Response>) => (await response).text();
  const state = (fault: string) => `Begini at the moment: <strong>${fault}</strong>`;
  const back = '<a href="/">Back to the loan app</a>';
  const first = await pageOf(fetch(`${origin}/`));
  expect(first).toContain(state('All is well'));
  expect(first).not.toContain(back);

  const link = await pageOf(post('/break', { fault: 'Begini is busy (429)' }));
  for (const html of [link, await pageOf(post('/start', {}))]) {
    expect(html).toContain(state('Begini is busy (429)'));
    expect(html).toContain(back);
  }
  expect(await pageOf(fetch(`${origin}/`))).toContain(
    '<option value="Begini is busy (429)" selected>Begini is busy (429)</option>',
  );

  // Set at the simulator's own address, for which the demo has no name.
  service.vendor.setFault({ fault: 'slow', delayMs: 5 });
  expect(await pageOf(fetch(`${origin}/`))).toContain(
    state('{&#34;fault&#34;:&#34;slow&#34;,&#34;delayMs&#34;:5}'),
  );
});

test('requests a link in a language, or leaves the language to the browser', async () => {
  const linkOf = async (form: Record<string, string>) => {
    const html = await (await post('/send-link', form)).text();
    return /href="([^"]+launch[^"]+)"/.exec(html)?.[1] ?? '';
  };
  const headers = { Accept: 'text/html', 'Accept-Language': 'es' };
  const languageOf = async (link: string) =>
    /<html lang="([\w-]+)"/.exec(await (await fetch(link, { headers })).text())?.[1];
  expect(await languageOf(await linkOf({ language: 'ar' }))).toBe('ar');
  expect(await languageOf(await linkOf({ language: '' }))).toBe('es');
});

test('offers the languages of the stage, each by its own name', async () => {
  await service.close();
  const applicantPage = applicantPageOf({ languages: { ar: {}, 'es-MX': {} } });
  service = await startLocalService(0, { applicantPage });
  const html = await (await fetch(new URL('/', service.gateway.url))).text();
  const options = [...html.matchAll(/<option value="([\w-]*)"(?: selected)?>([^<]+)<.option>/g)].slice(0, 3);
  expect(options.map(([, value, label]) => [value, label])).toEqual([
    ['', 'as the browser says'],
    ['ar', 'العربية'],
    ['es-MX', 'español de México'],
  ]);
});

describe('results', () => {
  const event = (type: string) =>
    JSON.stringify({ uid: 'ABCDE-12345', integration_id: '1', event: { type, details: {} } });
  const sign = (body: string, apiKey = simulatedCredentials.apiKey) =>
    createHmac('sha512', apiKey).update(body).digest('hex');
  const deliver = (body: string, signature: string) =>
    fetch(`${origin}/webhook`, { method: 'POST', headers: { 'x-signature': signature }, body });
  const pageAt = async (path: string) => await (await fetch(`${origin}${path}`)).text();

  test('arrive by a signed webhook, and are shown once, even if they are sent again', async () => {
    expect(await pageAt('/')).toContain('No result has arrived yet.');
    const body = event('psychometric_score.complete');
    for (const _ of [1, 2]) {
      const answer = await deliver(body, sign(body));
      expect([answer.status, await answer.json()]).toEqual([200, {}]);
    }
    const shown = (await pageAt('/')).split('<li>ABCDE-12345: <code>psychometric_score.complete</code>');
    expect(shown).toHaveLength(2);
  });

  test('signed with the key before a renewal arrive, too', async () => {
    service.vendor.changeCredentials({ ...simulatedCredentials, apiKey: 'renewed' });
    for (const apiKey of ['renewed', simulatedCredentials.apiKey]) {
      const body = event(`application.${apiKey}`);
      expect((await deliver(body, sign(body, apiKey))).status).toBe(200);
    }
  });

  test('are refused with a wrong signature, and without one', async () => {
    const body = event('application.complete');
    expect((await deliver(body, sign(`${body} `))).status).toBe(401);
    expect((await deliver(body, 'x'.repeat(128))).status).toBe(401);
    expect((await fetch(`${origin}/webhook`, { method: 'POST', body })).status).toBe(401);
    expect(await pageAt('/')).toContain('No result has arrived yet.');
  });

  test('go to the lender’s own receiver, and the page says so', async () => {
    await service.close();
    service = await startLocalService(0, { webhook: { url: 'http://127.0.0.1:1/mine' } });
    origin = new URL(service.gateway.url).origin;
    expect(await pageAt('/')).toContain('<code>http://127.0.0.1:1/mine</code>');
  });
});
