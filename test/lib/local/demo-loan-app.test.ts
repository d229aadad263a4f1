import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from '../../../lib/local/local-service.ts';

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

test('relays the redirect of POST /sessions to the browser', async () => {
  const response = await post('/start', {});
  expect(response.status).toBe(302);
  expect(response.headers.get('location')).toMatch(new RegExp(`^${service.vendor.origin}/[\\w.-]+$`));
  expect(response.headers.get('cache-control')).toBe('no-store');
});

test('shows the code and the detail of a problem, and nothing of the uid', async () => {
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

test('has no other pages, and leaves the stage’s path to the service', async () => {
  expect((await fetch(`${origin}/start`)).status).toBe(404);
  const response = await fetch(`${service.gateway.url}/start`);
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ code: 'forbidden' });
});
