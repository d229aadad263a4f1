import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CDPSession, Page } from 'playwright-core';
import { arrivedHeading, startAssessment } from '../support/page-server.ts';
import { type Service, startService } from '../support/service.ts';
import { useBrowser } from './browser.ts';

const slow = { fault: 'slow', delayMs: 1_500 } as const;
const opening = 'Opening the assessment…';

const openPage = useBrowser();
let assessment: Awaited<ReturnType<typeof startAssessment>>;
let service: Service;
let page: Page;

beforeAll(async () => {
  assessment = await startAssessment();
});
afterAll(() => assessment.close());

beforeEach(async () => {
  service = await startService({ assessment: assessment.origin });
  service.vendor.setFault(slow);
});
afterEach(() => service.close());

const button = () => page.getByRole('button');
const arriveAtAssessment = () => page.getByRole('heading', { name: arrivedHeading }).waitFor();

/** One call, and one more for each request that a busy machine's table did not answer within its time. */
function expectOneVendorCall(): void {
  const withoutTable = service.lines.filter((line) => JSON.parse(line).store === 'unavailable').length;
  expect(service.vendor.requests.length).toBeGreaterThan(0);
  expect(service.vendor.requests.length).toBeLessThanOrEqual(1 + withoutTable);
}

/**
 * Presses at the position of the button, as a finger does: even if it is disabled, and without waiting for an answer.
 */
async function tap(times = 1): Promise<void> {
  const { x, y, width, height } = (await button().boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  for (let count = 0; count < times; count += 1) await page.mouse.click(x + width / 2, y + height / 2);
}

describe.each([true, false])('on a slow phone, with scripts: %s', (javaScriptEnabled) => {
  /** Does at once what the browser's own buttons do: Playwright would wait for the pending answer. */
  let devTools: CDPSession;

  beforeEach(async () => {
    page = await openPage({ javaScriptEnabled });
    devTools = await page.context().newCDPSession(page);
    await page.goto(await service.makeLink('QWERT-67890-XY'));
  });

  test.each([1, 2, 3])('%d tap(s) open the assessment with one vendor call', async (times) => {
    await tap(times);
    await arriveAtAssessment();
    expectOneVendorCall();
  });

  test('going back and another tap open the same assessment', async () => {
    await tap();
    await arriveAtAssessment();
    const first = page.url();
    await page.goBack();
    await tap();
    await arriveAtAssessment();
    expect(page.url()).toBe(first);
    expectOneVendorCall();
  });

  test('a reload while the answer is pending, and a tap after it, open the assessment', async () => {
    const sent = page.waitForRequest((request) => request.method() === 'POST');
    await tap();
    await sent;
    const loaded = page.waitForEvent('load');
    await devTools.send('Page.reload');
    await loaded;
    await tap();
    await arriveAtAssessment();
    expectOneVendorCall();
  });

  test('the stop button and another tap open the assessment', async () => {
    if (javaScriptEnabled) await page.clock.install();
    await page.reload();
    const sent = page.waitForRequest((request) => request.method() === 'POST');
    await tap();
    await sent;
    await devTools.send('Page.stopLoading');
    if (javaScriptEnabled) await page.clock.runFor(10_000);
    await tap();
    await arriveAtAssessment();
    expectOneVendorCall();
  });
});

describe('a tap without effect, because the navigation is cancelled,', () => {
  beforeEach(async () => {
    page = await openPage();
    await page.clock.install();
    // No content: the browser stays on the page, which gets no event.
    await page.route('**', (route) =>
      route.request().method() === 'POST' ? route.fulfill({ status: 204 }) : route.continue(),
    );
    await page.goto(await service.makeLink('QWERT-67890-XY'));
    await tap();
    await page.getByRole('button', { disabled: true }).waitFor();
  });

  const status = () => page.getByRole('status').textContent();

  async function expectReady(): Promise<void> {
    expect(await button().isEnabled()).toBe(true);
    expect([await button().textContent(), await status()]).toEqual(['Start the assessment', '']);
  }

  test('disables the button, and says so on it and to a screen reader', async () => {
    expect([await button().textContent(), await status()]).toEqual([opening, opening]);
  });

  test('enables the button again after ten seconds', async () => {
    await page.clock.runFor(9_000);
    expect(await button().isDisabled()).toBe(true);
    await page.clock.runFor(1_000);
    await expectReady();
  });

  test('enables the button on a page that the browser restores from memory', async () => {
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
    await expectReady();
  });
});
