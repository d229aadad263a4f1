import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { arrivedHeading as arrived, startAssessment } from '../support/page-server.ts';
import { type Service, startService } from '../support/service.ts';
import { firefox } from './firefox.ts';
import { type Tab, type TabOptions, tap, until, waitForHeading } from './tab.ts';
import { webkit } from './webkit.ts';

const uid = 'QWERT-67890-XY';
const start = 'Your assessment is ready';
const failed = 'The assessment cannot be started right now';

let assessment: Awaited<ReturnType<typeof startAssessment>>;
let service: Service;
let tab: Tab;

beforeAll(async () => {
  assessment = await startAssessment();
});
afterAll(() => assessment.close());

beforeEach(async () => {
  service = await startService({
    assessment: assessment.origin,
    page: { logo: 'bin/local/demo-logo.svg', languages: { en: {}, ar: {} } },
  });
});
afterEach(async () => {
  await tab?.close();
  await service.close();
});

describe.each([
  { ...firefox, keepsPages: false },
  { ...webkit, keepsPages: true },
])('in $name', ({ open, keepsPages }) => {
  async function openLink(options?: TabOptions, language?: string): Promise<void> {
    tab = await open(options);
    await tab.goto(await service.makeLink(uid, 3600, language));
  }
  const fail = () => service.vendor.setFault({ fault: 'status', status: 503 });
  const recover = () => service.vendor.setFault({ fault: 'none' });

  test.each([1, 2])(
    '%d tap(s) lead to the assessment, over two origins, with one call to Begini',
    async (taps) => {
      await openLink();
      service.vendor.setFault({ fault: 'slow', delayMs: 1_000 });
      await tap(tab, taps);
      await waitForHeading(tab, arrived);
      expect(service.vendor.requests).toHaveLength(1);
    },
  );

  test('Back from the assessment shows a button that works', async () => {
    await openLink();
    await tap(tab);
    await waitForHeading(tab, arrived);
    await tab.back();
    await waitForHeading(tab, start);
    expect(await tab.evaluate("document.querySelector('button').disabled")).toBe(false);
    await tap(tab);
    await waitForHeading(tab, arrived);
    expect(service.vendor.requests).toHaveLength(1);
  });

  test('Back after two taps that failed shows a page whose button works', async () => {
    await openLink();
    fail();
    await tap(tab);
    await waitForHeading(tab, failed);
    expect(await tab.evaluate("document.querySelector('#after-back')")).toBeNull();
    await tab.evaluate("document.documentElement.id = 'first'");
    await tap(tab);
    await until(async () => (await tab.evaluate('document.documentElement.id')) === '');
    await waitForHeading(tab, failed);
    recover();
    await tab.back();
    // Firefox asks for the page again; WebKit still has the first error page in memory, and its button tries again.
    if (keepsPages) await until(async () => (await tab.evaluate('document.documentElement.id')) === 'first');
    else await waitForHeading(tab, start);
    await tap(tab);
    await waitForHeading(tab, arrived);
  });

  test('without scripts a tap leads to the assessment, and an error page says what to do', async () => {
    await openLink({ scripts: false });
    fail();
    await tap(tab);
    await waitForHeading(tab, failed);
    expect(await tab.evaluate("document.querySelector('#after-back').textContent")).toContain(
      'open the link',
    );
    recover();
    await tap(tab);
    await waitForHeading(tab, arrived);
  });

  test('the page is dark where the reader’s system is, and written from right to left in Arabic', async () => {
    await openLink({ scheme: 'dark' }, 'ar');
    expect(
      await tab.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h1')).direction]",
      ),
    ).toEqual(['rgb(13, 15, 18)', 'rtl']);
  });

  test('the address of the assessment is never broken, and nothing is cut off', async () => {
    await openLink();
    for (const size of ['100%', '200%']) {
      const [lines, overflow] = await tab.evaluate<number[]>(`(() => {
        document.documentElement.style.fontSize = '${size}';
        const { scrollWidth, clientWidth } = document.documentElement;
        return [document.querySelector('li bdi').getClientRects().length, scrollWidth - clientWidth];
      })()`);
      expect([size, lines, overflow]).toEqual([size, 1, 0]);
    }
  });
});

test('in Firefox the logo keeps a white background if the reader’s own colours replace those of the page', async () => {
  tab = await firefox.open({ forcedColors: true });
  await tab.goto(await service.makeLink(uid));
  expect(
    await tab.evaluate(
      "['body', 'img'].map((each) => getComputedStyle(document.querySelector(each)).backgroundColor)",
    ),
  ).toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
});
