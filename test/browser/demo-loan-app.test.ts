import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { type LocalService, startLocalService } from '../../bin/local/local-service.ts';
import { startBrowser } from '../../bin/pages/browser.ts';
import { audit, openPage, type Visit } from './browser.ts';

let browser: Browser;
let service: LocalService;
let visit: Visit;
let home: string;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  service = await startLocalService(0);
  home = `${new URL(service.gateway.url).origin}/`;
  visit = await openPage(browser);
  await visit.page.goto(home);
});
afterEach(async () => {
  await visit.context.close();
  await service.close();
  expect(visit.violations).toEqual([]);
});

const press = (name: string) => visit.page.getByRole('button', { name }).click();
const waitForHeading = (name: string) => visit.page.getByRole('heading', { name, exact: true }).waitFor();
const atAssessment = 'This is where the Begini assessment would start';

test('"Start now" opens the assessment directly', async () => {
  await press('Start now');
  await waitForHeading(atAssessment);
  expect(new URL(visit.page.url()).origin).toBe(service.vendor.origin);
});

test('"Send me a link" shows a link to a page that opens the assessment', async () => {
  await press('Send me a link');
  await visit.page.getByRole('link', { name: 'Continue your application' }).click();
  await waitForHeading('Your assessment is ready');
  expect(service.vendor.requests).toHaveLength(0);
  await press('Start the assessment');
  await waitForHeading(atAssessment);
});

test.each([
  ['Begini is down (503)', 'The assessment cannot be started right now'],
  ['Begini is busy (429)', 'The assessment cannot be started right now'],
  ['Begini refuses our key (401)', 'The assessment cannot be started right now'],
  ['Begini breaks the connection', 'The assessment cannot be started right now'],
  ['All is well', atAssessment],
])('"Break something" with "%s" shows what the applicant sees: %s', async (fault, heading) => {
  await visit.page.getByLabel('When this happens').selectOption(fault);
  await press('Break something');
  await visit.page.getByRole('link', { name: 'Continue your application' }).click();
  await press('Start the assessment');
  await waitForHeading(heading);
});

test.each([
  ['Finish', 'Thank you', 'psychometric_score.complete, score 612'],
  ['Give up', 'You have left the assessment', 'application.cancelled'],
  ['Let it expire', 'The time for the assessment is over', 'application.expired'],
])(
  '"%s" leads to a return page, from there to the loan app, and the result arrives there',
  async (button, heading, type) => {
    const uid = await visit.page.getByLabel('Customer id (uid)').inputValue();
    await press('Start now');
    await press(button);
    await waitForHeading(heading);
    expect(await visit.page.getByRole('img', { name: 'Sunrise Loans' }).count()).toBe(1);
    await visit.page.getByRole('link', { name: 'Go back' }).click();
    await waitForHeading('Sunrise Loans');
    const arrived = visit.page.getByRole('listitem').filter({ hasText: `${uid}: ${type}` });
    while ((await arrived.count()) === 0) await visit.page.getByRole('link', { name: 'Look again' }).click();
    expect(await visit.page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    expect((await audit(visit.page)).violations).toEqual([]);
  },
);

test('an applicant with an expired session gets to the expiry page by link and by call', async () => {
  await press('Send me a link');
  await visit.page.getByRole('link', { name: 'Continue your application' }).click();
  const link = visit.page.url();
  await press('Start the assessment');
  const assessment = visit.page.url();
  await press('Let it expire');
  await waitForHeading('The time for the assessment is over');
  await visit.page.goto(assessment);
  await waitForHeading('The time for the assessment is over');
  await visit.page.goto(link);
  await press('Start the assessment');
  await waitForHeading('The time for the assessment is over');
});

test('an applicant who starts again gets to the same assessment, even if Begini fails', async () => {
  const uid = await visit.page.getByLabel('Customer id (uid)').inputValue();
  await press('Start now');
  await waitForHeading(atAssessment);
  const assessment = visit.page.url();
  await visit.page.goto(home);
  await visit.page.getByLabel('Customer id (uid)').fill(uid);
  await visit.page.getByLabel('When this happens').selectOption('Begini is down (503)');
  await press('Break something');
  await visit.page.getByRole('link', { name: 'Continue your application' }).click();
  await press('Start the assessment');
  await waitForHeading(atAssessment);
  expect(visit.page.url()).toBe(assessment);
});

test('"Break something" breaks something, as long as nothing else is chosen', async () => {
  await press('Break something');
  await visit.page.getByRole('link', { name: 'Continue your application' }).waitFor();
  expect(service.vendor.fault).toEqual({ fault: 'status', status: 503 });
});

test('a link is shown in the requested language', async () => {
  await visit.page.getByLabel('Language of the link').selectOption('العربية');
  await press('Send me a link');
  await visit.page.getByRole('link', { name: 'Continue your application' }).click();
  await waitForHeading('يمكنك الآن إجراء التقييم');
});

test('the applicant’s page links back to the loan app after an error', async () => {
  await visit.page.getByLabel('When this happens').selectOption('Begini is down (503)');
  await press('Break something');
  await visit.page.getByRole('link', { name: 'Continue your application' }).click();
  await press('Start the assessment');
  await visit.page.getByRole('link', { name: 'Go back' }).click();
  await waitForHeading('Sunrise Loans');
  // The chosen fault is still selected and named on the page.
  expect(await visit.page.getByLabel('When this happens').inputValue()).toBe('Begini is down (503)');
  expect(await visit.page.getByRole('banner').textContent()).toBe(
    'Begini at the moment: Begini is down (503)',
  );
});

test.each(['/', '/no-such-page'])('%s fits a phone', async (path) => {
  await visit.page.goto(new URL(path, home).href);
  expect(await visit.page.evaluate('document.documentElement.scrollWidth')).toBe(320);
});

test('the simulator’s page fits a phone', async () => {
  await press('Start now');
  await waitForHeading(atAssessment);
  expect(await visit.page.evaluate('[document.documentElement.scrollWidth, innerWidth]')).toEqual([320, 320]);
});
