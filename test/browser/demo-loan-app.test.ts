import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { type LocalService, startLocalService } from '../../bin/local/local-service.ts';
import { audit, useBrowser } from './browser.ts';

const openPage = useBrowser();
let service: LocalService;
let page: Page;
let home: string;

beforeEach(async () => {
  service = await startLocalService(0);
  home = `${new URL(service.gateway.url).origin}/`;
  page = await openPage();
  await page.goto(home);
});
afterEach(() => service.close());

const press = (name: string) => page.getByRole('button', { name }).click();
const waitForHeading = (name: string) => page.getByRole('heading', { name, exact: true }).waitFor();
const atAssessment = 'This is where the Begini assessment would start';

test('"Start now" opens the assessment directly', async () => {
  await press('Start now');
  await waitForHeading(atAssessment);
  expect(new URL(page.url()).origin).toBe(service.vendor.origin);
});

test('"Send me a link" shows a link to a page that opens the assessment', async () => {
  await press('Send me a link');
  await page.getByRole('link', { name: 'Continue your application' }).click();
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
  await page.getByLabel('When this happens').selectOption(fault);
  await press('Break something');
  await page.getByRole('link', { name: 'Continue your application' }).click();
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
    const uid = await page.getByLabel('Customer id (uid)').inputValue();
    await press('Start now');
    await press(button);
    await waitForHeading(heading);
    expect(await page.getByRole('img', { name: 'Sunrise Loans' }).count()).toBe(1);
    await page.getByRole('link', { name: 'Go back' }).click();
    await waitForHeading('Sunrise Loans');
    const arrived = page.getByRole('listitem').filter({ hasText: `${uid}: ${type}` });
    while ((await arrived.count()) === 0) await page.getByRole('link', { name: 'Look again' }).click();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    expect((await audit(page)).violations).toEqual([]);
  },
);

test('an applicant with an expired session gets to the expiry page by link and by call', async () => {
  await press('Send me a link');
  await page.getByRole('link', { name: 'Continue your application' }).click();
  const link = page.url();
  await press('Start the assessment');
  const assessment = page.url();
  await press('Let it expire');
  await waitForHeading('The time for the assessment is over');
  await page.goto(assessment);
  await waitForHeading('The time for the assessment is over');
  await page.goto(link);
  await press('Start the assessment');
  await waitForHeading('The time for the assessment is over');
});

test('an applicant who starts again gets to the same assessment, even if Begini fails', async () => {
  const uid = await page.getByLabel('Customer id (uid)').inputValue();
  await press('Start now');
  await waitForHeading(atAssessment);
  const assessment = page.url();
  await page.goto(home);
  await page.getByLabel('Customer id (uid)').fill(uid);
  await page.getByLabel('When this happens').selectOption('Begini is down (503)');
  await press('Break something');
  await page.getByRole('link', { name: 'Continue your application' }).click();
  await press('Start the assessment');
  await waitForHeading(atAssessment);
  expect(page.url()).toBe(assessment);
});

test.each(['/', '/no-such-page'])('%s fits a phone', async (path) => {
  await page.goto(new URL(path, home).href);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
});

test('the simulator’s page fits a phone', async () => {
  await press('Start now');
  await waitForHeading(atAssessment);
  expect(await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')).toEqual([320, 320]);
});
