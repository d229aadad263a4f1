import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startBrowser } from '../../bin/pages/browser.ts';
import { type PageServer, startPageServer } from '../support/page-server.ts';
import { type Service, startService } from '../support/service.ts';
import { openPage, type Visit } from './browser.ts';

const uid = 'QWERT-67890-XY';
const returnUrl = 'https://www.lender.example/applications';
let browser: Browser;
let assessment: PageServer;
let elsewhere: PageServer;
let elsewhereUrl: string;
/** What the assessment's own server does with a token: it shows a page, or redirects. */
let leadsOn: boolean;
let service: Service;
let visit: Visit;

let assessmentOrigin: string;

beforeAll(async () => {
  browser = await startBrowser();
  elsewhere = await startPageServer(() => [200, {}, '<h1>The assessment, one origin further</h1>']);
  assessment = await startPageServer(() =>
    leadsOn ? [302, { Location: elsewhereUrl }, ''] : [200, {}, '<h1>The assessment</h1>'],
  );
  elsewhereUrl = `https://localhost:${elsewhere.port}/start`;
  assessmentOrigin = `https://127.0.0.1:${assessment.port}`;
});
afterAll(async () => {
  await browser?.close();
  assessment?.close();
  elsewhere?.close();
});

beforeEach(async () => {
  leadsOn = false;
  service = await startService({ assessment: assessmentOrigin, returnUrl });
  visit = await openPage(browser);
});
afterEach(async () => {
  await visit.context.close();
  await service.close();
  expect(visit.violations).toEqual([]);
});

const heading = () => visit.page.getByRole('heading', { level: 1 }).textContent();
const button = (name: string) => visit.page.getByRole('button', { name });

test('a link opens a page, and one tap there opens the assessment', async () => {
  await visit.page.goto(await service.makeLink(uid));
  expect(await heading()).toBe('Your assessment is ready');
  expect(service.vendor.connections).toBe(0);
  await button('Start the assessment').click();
  await visit.page.waitForURL(`${assessmentOrigin}/**`);
  expect(await heading()).toBe('The assessment');
  expect(service.vendor.requests).toHaveLength(1);
});

test('the tap also works if the vendor redirects to another origin', async () => {
  leadsOn = true;
  await visit.page.goto(await service.makeLink(uid));
  await button('Start the assessment').click();
  await visit.page.waitForURL(elsewhereUrl);
  expect(await heading()).toBe('The assessment, one origin further');
});

test('the page works with the keyboard, and its button shows the focus', async () => {
  await visit.page.goto(await service.makeLink(uid));
  await visit.page.keyboard.press('Tab');
  const focused = await visit.page.evaluate(
    '[document.activeElement.textContent, getComputedStyle(document.activeElement).outline]',
  );
  expect(focused).toEqual(['Start the assessment', expect.stringContaining('solid 3px')]);
  await visit.page.keyboard.press('Enter');
  await visit.page.waitForURL(`${assessmentOrigin}/**`);
});

test('a screen reader finds one heading, one text, two facts and one button, in the page’s language', async () => {
  await visit.page.goto(await service.makeLink(uid));
  expect(await visit.page.locator('html').getAttribute('lang')).toBe('en');
  expect(await visit.page.locator('body').ariaSnapshot()).toBe(
    [
      '- banner: Your lender',
      '- main:',
      '  - heading "Your assessment is ready" [level=1]',
      '  - paragraph: The next step of your application is a short assessment. When you are ready, start it here.',
      '  - list:',
      '    - listitem: It takes 3 to 5 minutes. Please do it in one sitting.',
      '    - listitem: It takes place on the site of our partner Begini. Your browser will then show the address psychometric.me.',
      '  - button "Start the assessment"',
      '  - status',
    ].join('\n'),
  );
});

test.each([320, 1280])(
  'the page needs no sideways scrolling and has large targets, %d px wide',
  async (width) => {
    await visit.page.setViewportSize({ width, height: 640 });
    await visit.page.goto(await service.makeLink(uid));
    const scrollWidth = await visit.page.evaluate('document.documentElement.scrollWidth');
    expect(scrollWidth).toBe(width);
    expect((await button('Start the assessment').boundingBox())?.height).toBeGreaterThanOrEqual(48);
  },
);

test('an expired link says so, and links back to the lender', async () => {
  const link = await service.makeLink(uid, 60);
  service.advance(60_000);
  expect((await visit.page.goto(link))?.status()).toBe(410);
  expect(await heading()).toBe('This link has expired');
  expect(await visit.page.getByRole('link', { name: 'Go back' }).getAttribute('href')).toBe(returnUrl);
  expect(await visit.page.getByRole('button').count()).toBe(0);
});

test('a changed link says that it does not work', async () => {
  const link = await service.makeLink(uid);
  expect((await visit.page.goto(`${link.slice(0, -5)}AAAAA`))?.status()).toBe(403);
  expect(await heading()).toBe('This link does not work');
  expect(await visit.page.getByRole('button').count()).toBe(0);
});

test('a link that expires while its page is open says so after the tap', async () => {
  await visit.page.goto(await service.makeLink(uid, 60));
  service.advance(60_000);
  await button('Start the assessment').click();
  await visit.page.getByRole('heading', { name: 'This link has expired' }).waitFor();
  expect(service.vendor.connections).toBe(0);
});

test('while the vendor is down, the applicant can try again, which works after the vendor’s recovery', async () => {
  await visit.page.goto(await service.makeLink(uid));
  service.vendor.setFault({ fault: 'status', status: 503 });
  await button('Start the assessment').click();
  await button('Try again').click();
  await visit.page.getByRole('heading', { name: 'The assessment cannot be started right now' }).waitFor();
  service.vendor.setFault({ fault: 'none' });
  await button('Try again').click();
  await visit.page.waitForURL(`${assessmentOrigin}/**`);
});

describe('Back', () => {
  const ready = () => visit.page.getByRole('heading', { name: 'Your assessment is ready' }).waitFor();
  const fail = () => service.vendor.setFault({ fault: 'status', status: 503 });

  test('shows the start page after two taps that failed, and its button works', async () => {
    await visit.page.goto(await service.makeLink(uid));
    fail();
    await button('Start the assessment').click();
    await button('Try again').click();
    await visit.page.waitForLoadState();
    service.vendor.setFault({ fault: 'none' });
    await visit.page.goBack();
    await ready();
    await button('Start the assessment').click();
    await visit.page.waitForURL(`${assessmentOrigin}/**`);
  });

  test('from the assessment shows the start page, whatever failed before', async () => {
    await visit.page.goto(await service.makeLink(uid));
    fail();
    await button('Start the assessment').click();
    await button('Try again').waitFor();
    service.vendor.setFault({ fault: 'none' });
    await button('Try again').click();
    await visit.page.waitForURL(`${assessmentOrigin}/**`);
    await visit.page.goBack();
    await ready();
  });

  test('from the lender’s site, and a reload, show the page of an expired link after a tap', async () => {
    await visit.page.goto(await service.makeLink(uid, 60));
    service.advance(60_000);
    const expired = () => visit.page.getByRole('heading', { name: 'This link has expired' }).waitFor();
    await button('Start the assessment').click();
    await expired();
    await visit.page.reload();
    await expired();
    await visit.page.goto(elsewhereUrl);
    expect((await visit.page.goBack())?.request().method()).toBe('GET');
    await expired();
  });

  test.each([true, false])(
    'is explained on an error page only without scripts: %s',
    async (javaScriptEnabled) => {
      await visit.context.close();
      visit = await openPage(browser, { javaScriptEnabled });
      await visit.page.goto(await service.makeLink(uid));
      fail();
      await button('Start the assessment').click();
      await button('Try again').waitFor();
      const advice = visit.page.getByText('open the link in our message again');
      expect(await advice.count()).toBe(javaScriptEnabled ? 0 : 1);
    },
  );
});

test('while the keys cannot be read, the applicant can try again, and sees the page first', async () => {
  const link = await service.makeLink(uid);
  service.secretsManager.fail({ statusCode: 500, errorName: 'InternalServiceError' });
  await visit.page.goto(link);
  service.secretsManager.fail('none');
  await button('Try again').click();
  await visit.page.getByRole('heading', { name: 'Your assessment is ready' }).waitFor();
  expect(service.vendor.connections).toBe(0);
});

test('an applicant that the vendor refuses a second time is told so, and not asked to try again', async () => {
  await service.close();
  service = await startService({ assessment: assessmentOrigin, returnUrl, resume: false });
  const link = await service.makeLink(uid);
  await visit.page.goto(link);
  await button('Start the assessment').click();
  await visit.page.waitForURL(`${assessmentOrigin}/**`);
  service.vendor.setFault({ fault: 'refuse-second' });
  await visit.page.goto(link);
  await button('Start the assessment').click();
  await visit.page.getByRole('heading', { name: 'The assessment cannot be started' }).waitFor();
  expect(await visit.page.getByRole('button').count()).toBe(0);
  expect(await visit.page.getByRole('link', { name: 'Go back' }).count()).toBe(1);
});

test('a wrong path gets a page from the gateway itself', async () => {
  const link = await service.makeLink(uid);
  expect((await visit.page.goto(link.replace('/launch/', '/lunch/')))?.status()).toBe(403);
  expect(await heading()).toBe('This link does not work');
});
