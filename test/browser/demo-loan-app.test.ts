import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startBrowser } from '../../lib/local/browser.ts';
import { type LocalService, startLocalService } from '../../lib/local/local-service.ts';
import { openPage, type Visit } from './browser.ts';

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

test('"Start now" leads straight into the assessment', async () => {
  await press('Start now');
  await waitForHeading(atAssessment);
  expect(new URL(visit.page.url()).origin).toBe(service.vendor.origin);
});

test('"Send me a link" shows a link that leads by its page into the assessment', async () => {
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
  ['nothing: all is well again', atAssessment],
])('"Break something" with "%s" shows what the applicant sees: %s', async (fault, heading) => {
  await visit.page.getByRole('combobox').selectOption(fault);
  await press('Break something');
  await visit.page.getByRole('link', { name: 'Continue your application' }).click();
  await press('Start the assessment');
  await waitForHeading(heading);
});

test('a uid that may be used once only is refused the second time', async () => {
  await press('Start now');
  await waitForHeading(atAssessment);
  await visit.page.goto(home);
  await visit.page.getByRole('combobox').selectOption('Begini refuses a second session for a uid');
  await press('Break something');
  await visit.page.goto(home);
  await press('Start now');
  await waitForHeading('That did not work');
  expect(await visit.page.getByRole('code').textContent()).toBe('rejected_by_vendor');
});
