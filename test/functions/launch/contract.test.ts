import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lambdaContext } from '../../../bin/stand-ins/gateway/gateway-event.ts';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { OperatorError } from '../../../functions/errors.ts';
import { createLaunchHandler } from '../../../functions/launch/launch-handler.ts';
import type { LaunchSettings } from '../../../functions/launch/settings.ts';
import type { SessionService } from '../../../functions/session/session-service.ts';
import { uidReference } from '../../../functions/uid.ts';
import { applicantPageOf } from '../../../lib/stages/applicant-page.ts';
import { endsOfLinks, oldLaunchVectors } from '../../support/launch-vectors.ts';
import type { Service } from '../../support/service.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { checkedFetch } = await import('../../support/checked-fetch.ts');
const { assessmentOrigin, launchKeyName, secretName, startService, uidRefKey } = await import(
  '../../support/service.ts'
);
afterAll(() => time.restore());

const uid = 'QWERT-67890-XY';
const browser = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
let service: Service;

beforeEach(async () => {
  service = await startService({
    returnUrl: 'https://www.lender.example/back?a=1&b=2',
    page: { languages: { en: {}, 'pt-BR': {}, ar: {} } },
  });
});
afterEach(() => service.close());

const ask = (url: string, method = 'GET', headers: Record<string, string> = browser) =>
  checkedFetch(url, { method, headers, redirect: 'manual' });
const lastLine = () => JSON.parse(service.lines.at(-1) ?? '{}') as Record<string, unknown>;

const csp =
  /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; script-src 'sha256-[A-Za-z0-9+/]{43}=' 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'$/;
const wayBack = 'href="https://www.lender.example/back?a=1&#38;b=2"';
const returnPageOf = (ending: string) => service.url.replace('/sessions', `/return/${ending}`);

test('shows a page with one button, without calling the vendor', async () => {
  const response = await ask(await service.makeLink(uid));
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000',
    'content-security-policy': expect.stringMatching(csp),
  });
  const html = await response.text();
  expect(html.match(/<button/g)).toHaveLength(1);
  expect(html).not.toContain(uid);
  expect(html).not.toContain('lender.example');
  expect(service.vendor.connections).toBe(0);
  expect(lastLine()).toMatchObject({
    route: 'GET /launch/{token}',
    outcome: 'page_shown',
    statusCode: 200,
    uidRef: expect.stringMatching(/^[0-9a-f]{12}$/),
    vendorAttempts: 0,
  });
});

test.each([
  'WhatsApp/2.23.20.0',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  'Twitterbot/1.0',
  'TelegramBot (like TwitterBot)',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'LinkedInBot/1.0 (compatible; Mozilla/5.0)',
  'Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)',
  'SkypeUriPreview Preview/0.5',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0',
  'Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/)',
  'Mozilla/5.0 (Windows NT 10.0) BingPreview/1.0b',
])('does not call the vendor for a preview by %s', async (userAgent) => {
  const link = await service.makeLink(uid);
  for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
    const response = await ask(link, method, { Accept: '*/*', 'User-Agent': userAgent });
    expect(response.status).toBe(200);
    if (method === 'HEAD') expect(await response.text()).toBe('');
  }
  expect(service.vendor.connections).toBe(0);
  expect((await ask(link, 'POST')).status).toBe(302);
  expect(service.vendor.requests).toHaveLength(1);
});

test('answers the button’s POST with 302 to the assessment', async () => {
  const response = await ask(await service.makeLink(uid), 'POST');
  expect(response.status).toBe(302);
  expect(await response.text()).toBe('');
  expect(response.headers.get('location')).toMatch(
    new RegExp(`^${assessmentOrigin}/[\\w-]+\\.[\\w-]+\\.[\\w-]+$`),
  );
  expect(JSON.parse(service.vendor.requests[0]?.rawBody.toString() ?? '')).toHaveProperty('uid', uid);
  expect(lastLine()).toMatchObject({ route: 'POST /launch/{token}', outcome: 'session_created' });
});

test.each(['GET', 'POST'])('refuses an expired link: %s', async (method) => {
  const link = await service.makeLink(uid, 60);
  // A link is valid for whole seconds: up to one less than requested.
  service.advance(58_000);
  expect((await ask(link)).status).toBe(200);
  service.advance(2_000);
  const response = await ask(link, method);
  expect(response.status).toBe(410);
  const html = await response.text();
  expect(html).toContain('This link has expired');
  expect(html).not.toContain('<form');
  const problem = await ask(link, method, { Accept: 'application/json' });
  expect(problem.headers.get('content-type')).toBe('application/problem+json');
  expect(await problem.json()).toMatchObject({ code: 'launch_link_expired', status: 410 });
  expect(lastLine()).toMatchObject({
    outcome: 'caller_error',
    code: 'launch_link_expired',
    uidRef: expect.any(String),
  });
  expect(service.vendor.connections).toBe(0);
});

test('gives no HTML to a client that does not name it', async () => {
  const link = `${await service.makeLink(uid)}x`;
  for (const accept of ['*/*', 'application/json', 'text/html;q=0']) {
    const response = await ask(link, 'GET', { Accept: accept });
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  }
});

describe('in a stage with several languages', () => {
  const pageOf = async (url: string, acceptLanguage: string, method = 'GET') => {
    const response = await ask(url, method, { ...browser, 'Accept-Language': acceptLanguage });
    return { status: response.status, html: await response.text() };
  };

  test.each([
    ['ar', 'es', 'ar" dir="rtl'],
    ['pt', 'es', 'pt-BR" dir="ltr'],
    ['pt_br', 'es', 'pt-BR" dir="ltr'],
    ['AR-eg-u-nu-latn', 'es', 'ar" dir="rtl'],
    ['tl', 'ar-EG, es;q=0.5', 'ar" dir="rtl'],
    ['Portuguese (Brazil)', 'ar', 'ar" dir="rtl'],
    [undefined, 'de, pt;q=0.9', 'pt-BR" dir="ltr'],
    [undefined, 'de', 'en" dir="ltr'],
    [undefined, '"><script>', 'en" dir="ltr'],
  ])('shows a link for %s to a browser in %s as %s', async (language, acceptLanguage, shown) => {
    const { status, html } = await pageOf(await service.makeLink(uid, 60, language), acceptLanguage);
    expect(status).toBe(200);
    expect(html).toContain(`<html lang="${shown}">`);
  });

  test('shows an expired link, and an error after the tap, in the language of the link', async () => {
    const link = await service.makeLink(uid, 60, 'ar');
    service.vendor.setFault({ fault: 'status', status: 500 });
    const failed = await pageOf(link, 'es', 'POST');
    service.advance(60_000);
    const expired = await pageOf(link, 'es');
    expect([failed.status, expired.status]).toEqual([502, 410]);
    for (const { html } of [failed, expired]) expect(html).toContain('<html lang="ar" dir="rtl">');
  });

  test('shows an invalid link in the language of the browser', async () => {
    const { status, html } = await pageOf(`${await service.makeLink(uid, 60, 'ar')}x`, 'pt-BR');
    expect(status).toBe(403);
    expect(html).toContain('<html lang="pt-BR" dir="ltr">');
  });

  test('shows a return page in the language of the browser', async () => {
    const url = returnPageOf('complete');
    expect((await pageOf(url, 'ar-EG')).html).toContain('<html lang="ar" dir="rtl">');
    expect((await pageOf(url, 'de')).html).toContain('<html lang="en" dir="ltr">');
  });
});

describe('a return page', () => {
  test.each([
    ['complete', 'Thank you'],
    ['cancelled', 'You have left the assessment'],
    ['expired', 'The time for the assessment is over'],
  ])('%s says "%s" to anyone, and calls nobody', async (ending, title) => {
    const response = await ask(returnPageOf(ending));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toMatch(csp);
    expect(response.headers.get('set-cookie')).toBeNull();
    const html = await response.text();
    expect(html).toContain(`<h1>${title}</h1>`);
    expect(html).toContain(wayBack);
    expect(html).not.toMatch(/<form|<script|<bdi>[0-9a-f]{8}/);
    // Whatever somebody adds, or wants, it is the same page.
    const query = `?uid=${uid}&status=approved&reference=3f2a9c1b`;
    expect(
      await (await ask(returnPageOf(ending) + query, 'GET', { Accept: '*/*', Cookie: 'a=b' })).text(),
    ).toBe(html);
    expect((await ask(returnPageOf(ending), 'HEAD')).status).toBe(200);
    expect(lastLine()).toMatchObject({
      route: 'HEAD /return/{ending}',
      outcome: 'return_page_shown',
      secretReads: 0,
      vendorAttempts: 0,
    });
    expect(lastLine()).not.toHaveProperty('uidRef');
    expect(service.vendor.connections).toBe(0);
    expect(service.lines.join()).not.toMatch(/approved|QWERT/);
  });

  test.each(['completed', 'constructor', 'COMPLETE', '%', 'complete%2F'])(
    '%s does not exist',
    async (ending) => {
      const response = await ask(returnPageOf(ending));
      expect(response.status).toBe(403);
      expect(await response.text()).toContain('<h1>This link does not work</h1>');
      expect(lastLine()).toMatchObject({ code: 'launch_link_invalid' });
    },
  );
});

test('says that a changed link does not work, with the beginning of the request’s id as the reference', async () => {
  const response = await ask(`${await service.makeLink(uid)}x`);
  const requestId = response.headers.get('x-request-id') ?? '';
  const html = await response.text();
  expect(html).toContain('This link does not work');
  expect(html).not.toContain('<form');
  expect(html).toContain(`<bdi>${requestId.slice(0, 8)}</bdi>`);
  expect(html).not.toContain(requestId);
  expect(lastLine()).toMatchObject({ requestId });
});

test.each([
  [{ fault: 'status', status: 500 }, 502, null],
  [{ fault: 'status', status: 429, retryAfter: 7 }, 503, '7'],
  [{ fault: 'status', status: 401 }, 503, '15'],
] as const)('offers to try again after the vendor’s %j, and it works', async (fault, status, retryAfter) => {
  const link = await service.makeLink(uid);
  service.vendor.setFault(fault as never);
  const response = await ask(link, 'POST');
  expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter]);
  expect(response.headers.get('content-security-policy')).toMatch(csp);
  const html = await response.text();
  expect(html).toContain('<form method="post">');
  expect(html).toMatch(/<button[^>]*>Try again<\/button>/);
  expect(html).toContain(wayBack);
  expect(html).not.toMatch(/Begini|vendor|credential|QWERT/i);

  service.vendor.setFault({ fault: 'none' });
  service.advance(15_000);
  expect((await ask(link, 'POST')).status).toBe(302);
});

test('offers to open the page again if the keys cannot be read', async () => {
  const link = await service.makeLink(uid);
  service.secretsManager.fail({ statusCode: 500, errorName: 'InternalServiceError' });
  const response = await ask(link);
  expect(response.status).toBe(503);
  expect(await response.text()).toContain('<form method="get">');
});

test('has a way back on every error page, whatever the error', async () => {
  const link = await service.makeLink(uid);
  const bad = `${link}x`;
  const short = await service.makeLink(uid, 60);
  const answers = [await ask(bad), await ask(bad, 'POST')];
  for (const status of [401, 422, 500]) {
    service.vendor.setFault({ fault: 'status', status });
    answers.push(await ask(link, 'POST'));
    service.advance(15_000);
  }
  service.advance(60_000);
  answers.push(await ask(short));
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 503, 422, 502, 410]);
  for (const answer of answers) expect(await answer.text()).toContain(wayBack);
});

test.each(['GET', 'HEAD'])('reads no credentials for a %s, even if they are overdue', async (method) => {
  const link = await service.makeLink(uid);
  await ask(link, 'POST');
  service.advance(360_000);
  expect((await ask(link, method)).status).toBe(200);
  expect(lastLine().secretReads).toBe(1); // The launch key alone.
  expect((await ask(link, 'POST')).status).toBe(302);
  expect(lastLine().secretReads).toBe(1);
});

test('accepts a form’s empty body, and any other', async () => {
  const link = await service.makeLink(uid);
  for (const body of ['', 'a=1', 'x'.repeat(100_000)]) {
    const headers = { ...browser, 'Content-Type': 'application/x-www-form-urlencoded' };
    const response = await checkedFetch(link, { method: 'POST', redirect: 'manual', headers, body });
    expect(response.status).toBe(302);
  }
});

test('opens and hands over with anything behind the link that a program may put there', async () => {
  const link = await service.makeLink(uid);
  for (const end of [...endsOfLinks, '/', '?fbclid=a.b', '#top', '%'].flatMap((each) => [
    each,
    encodeURIComponent(each),
  ])) {
    for (const [method, status] of Object.entries({ GET: 200, HEAD: 200, POST: 302 })) {
      expect([end, (await ask(link + end, method)).status]).toEqual([end, status]);
    }
    expect(lastLine()).toMatchObject({ uidRef: uidReference(uid, uidRefKey) });
  }
});

describe('a link of version 1.0.0', () => {
  const { keys, tokens } = oldLaunchVectors;

  test.each(tokens)('opens and hands over until it expires: $claims', async ({ keyId, claims, token }) => {
    const versionId = `${keyId}-0000-4000-8000-000000000000`;
    service.secretsManager.putValue(launchKeyName, keys[keyId] ?? '', versionId);
    service.advance(claims.expiresAt * 1_000 - 60_000 - Date.now());
    const link = service.url.replace('/sessions', `/launch/${token}`);
    expect((await ask(link)).status).toBe(200);
    expect((await ask(`${link}.`, 'POST')).status).toBe(302);
    expect(JSON.parse(service.vendor.requests[0]?.rawBody.toString() ?? '')).toHaveProperty(
      'uid',
      claims.uid,
    );
    service.advance(60_000);
    expect((await ask(link)).status).toBe(410);
  });
});

test('accepts a link made before a renewal of the key, on functions that have the old key', async () => {
  const before = await service.makeLink(uid);
  await ask(before);
  service.renewLaunchKey();
  expect((await ask(before)).status).toBe(200);
  // The function that makes links still has the old key, which is now the previous one.
  expect((await ask(await service.makeLink(uid))).status).toBe(200);
});

test('accepts a link made after a renewal of the key, on a function that has the old key', async () => {
  await ask(await service.makeLink(uid));
  service.renewLaunchKey();
  const fresh = await startFresh();
  expect((await ask(fresh)).status).toBe(200);
});

/** A link made with the current key: the function that makes links reads the key again after six minutes. */
async function startFresh(): Promise<string> {
  service.advance(360_000);
  return await service.makeLink(uid);
}

test('refuses every link after two renewals of the key', async () => {
  const link = await service.makeLink(uid);
  await ask(link);
  service.renewLaunchKey();
  service.renewLaunchKey();
  service.advance(360_000);
  expect((await ask(link)).status).toBe(403);
});

describe('a bad link', () => {
  const overdueMs = 360_000;
  /** Made for the same key, but not by this stage. */
  const forge = (link: string) => `${link.slice(0, -1)}${link.endsWith('A') ? 'Q' : 'A'}`;
  const readsOf = async (link: string) => {
    expect((await ask(link, 'POST')).status).toBe(403);
    return lastLine().secretReads;
  };
  let link: string;

  beforeEach(async () => {
    link = await service.makeLink(uid);
    expect((await ask(link, 'POST')).status).toBe(302);
    service.advance(overdueMs);
  });

  test('causes one refresh of each secret at most', async () => {
    expect(await readsOf(forge(link))).toBe(2);
    service.advance(10_000);
    expect(await readsOf(forge(link))).toBe(0);
  });

  test('causes no second read while Secrets Manager fails', async () => {
    service.secretsManager.fail({ statusCode: 500, errorName: 'InternalServiceError' });
    expect(await readsOf(forge(link))).toBe(2);
    expect(await readsOf(forge(link))).toBe(0);
  });

  test('causes no read if it does not look like a link', async () => {
    expect(await readsOf(link.replace(/[^/]+$/, 'broken'))).toBe(0);
  });

  test('is refused as such also if the secret no longer holds a pair', async () => {
    service.secretsManager.putValue(secretName, JSON.stringify({ apiKey: 'UNSET', integrationId: 'UNSET' }));
    expect((await ask(forge(link), 'POST')).status).toBe(403);
    expect((await ask(link, 'POST')).status).toBe(503);
  });
});

test('leaves no read of the credentials behind if the keys cannot be read: frozen, it would delay the next tap', async () => {
  const reading = Promise.withResolvers<void>();
  const handler = createLaunchHandler({
    settings: { stage: 'test', uidRefKey, origins: { assessment: assessmentOrigin } } as LaunchSettings,
    applicantPage: applicantPageOf({}),
    sessions: { refreshCredentials: () => reading.promise } as Partial<SessionService> as SessionService,
    launchKeys: {
      current: () => Promise.reject(new OperatorError('secrets_unavailable')),
      find: () => Promise.reject(new OperatorError('secrets_unavailable')),
    },
    writeLine: () => undefined,
  });
  let isAnswered = false;
  const token = (await service.makeLink(uid)).split('/').at(-1);
  const event = proxyEvent('', { httpMethod: 'POST', pathParameters: { token } });
  const answer = handler(event, lambdaContext('1', Date.now() + 14_000)).finally(() => {
    isAnswered = true;
  });
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  expect(isAnswered).toBe(false);
  reading.resolve();
  expect(await answer).toMatchObject({ statusCode: 503 });
});
