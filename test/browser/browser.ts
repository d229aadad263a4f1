import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';

/** A page in a new profile, and its console messages about violated policies. */
export type Visit = { page: Page; violations: string[]; context: BrowserContext };

/** Opens an empty page; certificates made for a test are accepted. */
export async function openPage(browser: Browser, { javaScriptEnabled = true } = {}): Promise<Visit> {
  const viewport = { width: 320, height: 640 };
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, javaScriptEnabled });
  const page = await context.newPage();
  const violations: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(message.text());
  });
  return { page, violations, context };
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
