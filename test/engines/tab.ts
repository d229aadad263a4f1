/** How a browser is set. */
export type TabOptions = {
  /** Of the page; WebDriver's own scripts always run. */
  scripts?: boolean;
  scheme?: 'light' | 'dark';
  /** Firefox only: replaces the colours of every page by white on black. */
  forcedColors?: boolean;
};

/** The one tab of a browser in a new profile. */
export type Tab = {
  /** Loads a page, and waits for it. */
  goto(url: string): Promise<void>;
  /** The value of an expression in the page. @throws Error while no page is loaded */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Sources of input as WebDriver has them: https://www.w3.org/TR/webdriver2/#actions */
  perform(actions: object[]): Promise<void>;
  /** Presses the browser's Back, without waiting for the page. */
  back(): Promise<void>;
  close(): Promise<void>;
};

/** A browser engine that can be started on this machine. */
export type Engine = {
  name: string;
  /** @throws Error that says what to install */
  open(options?: TabOptions): Promise<Tab>;
};

/** Presses with the mouse at the middle of the first button. */
export async function tap(tab: Tab, times = 1): Promise<void> {
  const [x, y] = await tab.evaluate<[number, number]>(
    "(({ left, top, width, height }) => [Math.round(left + width / 2), Math.round(top + height / 2)])(document.querySelector('button').getBoundingClientRect())",
  );
  const press = [
    { type: 'pointerDown', button: 0 },
    { type: 'pointerUp', button: 0 },
  ];
  const actions = [{ type: 'pointerMove', x, y }, ...Array.from({ length: times }, () => press).flat()];
  await tab.perform([{ type: 'pointer', id: 'mouse', actions }]);
}

/** Waits until the first heading of the page is this one. Fails by the test's own time limit. */
export async function waitForHeading(tab: Tab, heading: string): Promise<void> {
  await until(async () => (await tab.evaluate(loadedHeading)) === heading);
}

const loadedHeading = "document.readyState === 'complete' ? document.querySelector('h1')?.textContent : ''";

/** Asks again and again until the answer is yes; an error means no, because a page is being loaded. */
export async function until(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 50));
}
