import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../../bin/pages/browser.ts';

/**
 * Starts a browser for the tests of a file. After each test the pages are closed, and none may have violated a policy.
 * @returns opens an empty page in a new profile; certificates made for a test are accepted
 */
export function useBrowser(): (options?: { javaScriptEnabled?: boolean }) => Promise<Page> {
  let browser: Browser;
  const pages: Page[] = [];
  const violations: string[] = [];
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    expect(violations.splice(0)).toEqual([]);
  });
  return async ({ javaScriptEnabled = true } = {}) => {
    const viewport = { width: 320, height: 640 };
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, javaScriptEnabled });
    const page = await context.newPage();
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) violations.push(message.text());
    });
    pages.push(page);
    return page;
  };
}

/**
 * The rules of WCAG 2.2, levels A and AA, that the page meets and that it breaks, with the elements that break them.
 */
export async function audit(page: Page): Promise<{ passed: string[]; violations: unknown[] }> {
  await page.evaluate(axe.source);
  const tags = JSON.stringify(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']);
  const found = (await page.evaluate(`axe.run({ runOnly: ${tags}, preload: false })`)) as axe.AxeResults;
  const undecided = [...found.violations, ...found.incomplete];
  return {
    passed: found.passes.map(({ id }) => id),
    violations: undecided.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
  };
}
