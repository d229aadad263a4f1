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
