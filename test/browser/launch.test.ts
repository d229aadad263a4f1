import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { arrivedHeading, startAssessment } from '../support/page-server.ts';
import { type Service, startService } from '../support/service.ts';
import { useBrowser } from './browser.ts';

const uid = 'QWERT-67890-XY';
const returnUrl = 'https://www.lender.example/applications';
const openPage = useBrowser();
let assessment: Awaited<ReturnType<typeof startAssessment>>;
let service: Service;
let page: Page;

beforeAll(async () => {
  assessment = await startAssessment();
});
afterAll(() => assessment.close());

beforeEach(async () => {
  service = await startService({ assessment: assessment.origin, returnUrl });
  page = await openPage();
});
afterEach(() => service.close());

const waitForHeading = (name: string) => page.getByRole('heading', { name, exact: true }).waitFor();
const button = (name: string) => page.getByRole('button', { name });
const waitForArrival = () => page.waitForURL(assessment.arrivedUrl);
const fail = () => service.vendor.setFault({ fault: 'status', status: 503 });
const recover = () => service.vendor.setFault({ fault: 'none' });

test('a link opens a page, and one tap there opens the assessment, over two origins', async () => {
  await page.goto(await service.makeLink(uid));
  await waitForHeading('Your assessment is ready');
  expect(service.vendor.connections).toBe(0);
  await button('Start the assessment').click();
  await waitForArrival();
  await waitForHeading(arrivedHeading);
  expect(service.vendor.requests).toHaveLength(1);
});

test('the keyboard alone opens the assessment', async () => {
  await page.goto(await service.makeLink(uid));
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await waitForArrival();
});

test('a screen reader finds one heading, one text, two facts and one button, in the page’s language', async () => {
  await page.goto(await service.makeLink(uid));
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  expect(await page.locator('body').ariaSnapshot()).toBe(
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

test('a link that expires while its page is open says so after the tap', async () => {
  await page.goto(await service.makeLink(uid, 60));
  service.advance(60_000);
  await button('Start the assessment').click();
  await waitForHeading('This link has expired');
  expect(service.vendor.connections).toBe(0);
});

test('while the vendor is down, the applicant can try again, which works after the vendor’s recovery', async () => {
  await page.goto(await service.makeLink(uid));
  fail();
  await button('Start the assessment').click();
  await button('Try again').click();
  await waitForHeading('The assessment cannot be started right now');
  recover();
  await button('Try again').click();
  await waitForArrival();
});

describe('Back', () => {
  const ready = () => waitForHeading('Your assessment is ready');

  test('shows the start page after two taps that failed, and its button works', async () => {
    await page.goto(await service.makeLink(uid));
    fail();
    await button('Start the assessment').click();
    await button('Try again').click();
    await page.waitForLoadState();
    recover();
    await page.goBack();
    await ready();
    await button('Start the assessment').click();
    await waitForArrival();
  });

  test('from the assessment shows the start page, whatever failed before', async () => {
    await page.goto(await service.makeLink(uid));
    fail();
    await button('Start the assessment').click();
    await button('Try again').waitFor();
    recover();
    await button('Try again').click();
    await waitForArrival();
    await page.goBack();
    await ready();
  });

  test('from the lender’s site, and a reload, show the page of an expired link after a tap', async () => {
    await page.goto(await service.makeLink(uid, 60));
    service.advance(60_000);
    const expired = () => waitForHeading('This link has expired');
    await button('Start the assessment').click();
    await expired();
    await page.reload();
    await expired();
    await page.goto(assessment.arrivedUrl);
    expect((await page.goBack())?.request().method()).toBe('GET');
    await expired();
  });

  test.each([true, false])(
    'is explained on an error page only without scripts: %s',
    async (javaScriptEnabled) => {
      page = await openPage({ javaScriptEnabled });
      await page.goto(await service.makeLink(uid));
      fail();
      await button('Start the assessment').click();
      await button('Try again').waitFor();
      const advice = page.getByText('open the link in our message again');
      expect(await advice.count()).toBe(javaScriptEnabled ? 0 : 1);
    },
  );
});

test('while the keys cannot be read, the applicant can try again, and sees the page first', async () => {
  const link = await service.makeLink(uid);
  service.secretsManager.fail({ statusCode: 500, errorName: 'InternalServiceError' });
  await page.goto(link);
  service.secretsManager.fail('none');
  await button('Try again').click();
  await waitForHeading('Your assessment is ready');
  expect(service.vendor.connections).toBe(0);
});
