import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LocalService, LocalServiceOptions } from '../../../bin/local/local-service.ts';
import { localSecretName } from '../../../bin/stand-ins/local-stage.ts';
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
  expect(first).toContain('<option value="Begini is down (503)" selected>');

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
  const pageAt = async (path: string) => await (await fetch(`${origin}${path}`)).text();
  const restart = async (options: LocalServiceOptions) => {
    await service.close();
    service = await startLocalService(0, options);
    origin = new URL(service.gateway.url).origin;
  };

  /** Takes the assessment of a new session, and resolves once each event was answered. */
  async function end(ending: string, events: number): Promise<void> {
    const location = (await post('/start', {})).headers.get('location') ?? '';
    await fetch(location, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ ending }) });
    while (service.vendor.deliveries.filter(({ delivered }) => delivered).length < events) {
      await new Promise(setImmediate);
    }
  }

  /** The first page, once the demo has taken everything from the queue. */
  async function pageWithResults(): Promise<string> {
    while (service.sqs.messages('results').length > 0) await new Promise(setImmediate);
    return await pageAt('/');
  }

  test('come from the queue with their score, each once, even if they are sent again', async () => {
    await restart({ webhook: { delayMs: 0 } });
    expect(await pageAt('/')).toContain('No result has arrived yet.');
    service.vendor.setWebhookMode('twice');
    await end('finish', 4);
    expect((await pageWithResults()).match(/<li>.*<\/li>/g)?.join('\n')).toBe(
      '<li>ABCDE-12345: <code>psychometric_score.complete</code>, score 612</li><li>ABCDE-12345: <code>application.complete</code></li>',
    );
  });

  test('arrive if they are signed with the previous key', async () => {
    await restart({ webhook: { delayMs: 0 } });
    const renewed = { ...simulatedCredentials, apiKey: 'renewed' };
    service.vendor.changeCredentials(renewed);
    service.secretsManager.putValue(localSecretName, JSON.stringify(renewed));
    service.vendor.setWebhookMode('previous-key');
    await end('give-up', 1);
    expect(await pageWithResults()).toContain('application.cancelled');
  });

  test('of another integration are set aside, and not shown', async () => {
    await restart({ webhook: { delayMs: 0 } });
    service.vendor.setWebhookMode('other-integration');
    await end('give-up', 1);
    expect(service.sqs.messages('setAside')).toHaveLength(1);
    expect(await pageWithResults()).toContain('No result has arrived yet.');
  });

  test('stay in the queue for a consumer of the lender’s own, and the page says so', async () => {
    await restart({ leaveResults: true, webhook: { delayMs: 0 } });
    await end('give-up', 1);
    expect(service.sqs.messages('results')).toHaveLength(1);
    expect(await pageAt('/')).toContain(`<code>${service.sqs.queueUrl('results')}</code>`);
  });

  test('go to the lender’s own receiver, and the page says so', async () => {
    await restart({ webhook: { url: 'http://127.0.0.1:1/mine' } });
    expect(await pageAt('/')).toContain('<code>http://127.0.0.1:1/mine</code>');
  });
});
