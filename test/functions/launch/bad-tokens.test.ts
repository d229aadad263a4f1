import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sealLaunchToken } from '../../../functions/launch-links/launch-token.ts';
import { launchKeyOf, launchVectors, oldLaunchVectors } from '../../support/launch-vectors.ts';
import type { Service } from '../../support/service.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { checkedFetch } = await import('../../support/checked-fetch.ts');
const { launchKeyName, startService } = await import('../../support/service.ts');
afterAll(() => time.restore());

const uid = 'QWERT-67890-XY';
const key = launchKeyOf('a1b2c3d4');
const [oldToken = ''] = oldLaunchVectors.tokens.map((vector) => vector.token);
/** When the tokens of the vectors expire. */
const expiresAt = Date.parse('2026-12-24T10:00:00Z') / 1_000;
const token = sealLaunchToken({ uid, expiresAt }, key);
let service: Service;
let base: string;

beforeAll(async () => {
  service = await startService();
  base = service.url.replace('/sessions', '/launch/');
  const keyHex = key.bytes.toString('hex');
  service.secretsManager.putValue(launchKeyName, keyHex, `${key.id}-0000-4000-8000-000000000000`);
  service.advance(expiresAt * 1_000 - 3_600_000 - Date.now());
});
afterAll(() => service.close());

const bodies = new Set<string>();
const lastLine = () => JSON.parse(service.lines.at(-1) ?? '{}') as Record<string, unknown>;

/** Asks for the page and presses the button, as a browser and as a program. */
async function expectRefused(pathSegment: string): Promise<void> {
  for (const accept of ['text/html', '*/*']) {
    for (const method of ['GET', 'POST']) {
      const response = await checkedFetch(base + pathSegment, { method, headers: { Accept: accept } });
      expect([pathSegment, response.status]).toEqual([pathSegment, 403]);
      const requestId = response.headers.get('x-request-id') ?? '';
      const body = (await response.text()).replace(requestId, '').replace(requestId.slice(0, 8), '');
      bodies.add(JSON.stringify({ method, body, type: response.headers.get('content-type') }));
    }
  }
}

test.each([token, oldToken])('the link itself is good: %s', async (good) => {
  expect((await checkedFetch(base + good)).status).toBe(200);
});

test.each([
  ['', token],
  [' of the old form', oldToken],
])('refuses a token%s that is cut, changed, extended, doubled or in upper case', async (_, good) => {
  for (let at = 1; at < good.length; at += 7) {
    const [before, after] = [good.slice(0, at), good.slice(at)];
    await expectRefused(before);
    await expectRefused(`${before}A${after}`);
    await expectRefused(before + (after.startsWith('A') ? 'B' : 'A') + after.slice(1));
  }
  for (const bad of [good.toUpperCase(), good.toLowerCase(), good.slice(1), good + good, `${good}A`]) {
    await expectRefused(bad);
  }
});

test.each(['%20', '%0A', '%0D%0A', '%09', '%00', '%C2%A0', '+', '.', '!', '%2F', '%2E', '%'])(
  'refuses a token with %s before or inside it',
  async (noise) => {
    for (const good of [token, oldToken]) {
      await expectRefused(noise + good);
      await expectRefused(good.slice(0, 30) + noise + good.slice(30));
    }
  },
);

test('refuses what other code made of other keys, versions and algorithms', async () => {
  for (const bad of [...launchVectors.refused, ...oldLaunchVectors.refused]) await expectRefused(bad.token);
});

test('refuses the token of another stage', async () => {
  const other = await startService();
  try {
    await expectRefused((await other.makeLink(uid)).split('/').at(-1) ?? '');
  } finally {
    await other.close();
  }
});

test('refuses a token that lives longer than any link', async () => {
  await expectRefused(sealLaunchToken({ uid, expiresAt: 2 ** 32 - 1 }, key));
  const longest = sealLaunchToken({ uid, expiresAt: expiresAt + 2_592_000 }, key);
  expect((await checkedFetch(base + longest)).status).toBe(200);
});

test('answers 410 for a token of 1970', async () => {
  for (const ended of [0, 1, 86_400]) {
    const response = await checkedFetch(base + sealLaunchToken({ uid, expiresAt: ended }, key));
    expect(response.status).toBe(410);
  }
});

test('reads no secret for a text that cannot be a token', async () => {
  // In the first request after an hour, the keys in memory are overdue.
  service.advance(-3_600_000);
  const texts = [
    'x',
    'null',
    '....',
    'e30..e30.e30.e30',
    '%7B%7D',
    '%F0%9F%98%80',
    '%',
    '%00',
    '0'.repeat(66),
  ];
  const cut = oldToken.slice(0, oldToken.indexOf('.'));
  for (const text of [...texts, cut, `${oldToken}.x`, 'A'.repeat(10_000), token + 'A'.repeat(10_000)]) {
    await expectRefused(text);
    expect([text, lastLine().secretReads]).toEqual([text, 0]);
  }
  service.advance(3_600_000);
});

test.each(['/x', '//'])('API Gateway itself refuses a path with %p behind the token', async (end) => {
  expect((await checkedFetch(`${base}${token}${end}`)).status).toBe(403);
  expect((await checkedFetch(`${base}/${token}`)).status).toBe(403);
});

// The last test of this file: it checks all the others.
test('no answer showed which part was wrong, and no token reached the vendor or a log line', () => {
  // A page and a problem for each method.
  expect(bodies.size).toBe(4);
  expect(service.vendor.connections).toBe(0);
  const log = service.lines.join('');
  const secrets = [uid, token, ...oldToken.split('.').filter(Boolean), launchKeyName];
  for (const secret of secrets) expect(log).not.toContain(secret);
  expect(service.lines.length).toBeGreaterThan(500);
});
