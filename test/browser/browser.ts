import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Where Debian and Ubuntu install Chromium; `CHROMIUM` names another place. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts a browser that asks nobody but the servers of this machine. @throws Error that says how to install one. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(`${executablePath} is missing: install Chromium or set CHROMIUM`);
  }
  return await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page in a profile of its own, and what its console said of violated policies. */
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
