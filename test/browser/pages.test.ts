import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { demoPage } from '../../bin/local/demo-page.ts';
import { listPages } from '../../bin/pages/page-gallery.ts';
import { contentSecurityPolicy } from '../../functions/applicant-page/content-security-policy.ts';
import { applicantPageOf } from '../../lib/stages/applicant-page.ts';
import { audit, useBrowser } from './browser.ts';

/** A lender with every setting, and one with only a language of its own. */
const hebrew = applicantPageOf(
  {
    language: 'he',
    lenderName: 'Sunrise Loans (Ltd.)',
    title: 'ההערכה שלך מוכנה',
    text: 'השלב הבא בבקשה שלך הוא הערכה קצרה. אפשר להתחיל אותה כאן בכל עת.',
    duration: 'זה לוקח 3 עד 5 דקות. נא להשלים ברצף אחד.',
    handover: 'ההערכה מתקיימת באתר של השותפה שלנו, Begini. הדפדפן יציג אז את הכתובת psychometric.me.',
    button: 'התחלת ההערכה',
    opening: 'פותחים את ההערכה…',
    invalidTitle: 'הקישור אינו פועל',
    invalidText: 'ייתכן שהוא אינו שלם. נא לפתוח אותו שוב מההודעה שקיבלת, או לבקש מאיתנו קישור חדש.',
    expiredTitle: 'פג תוקפו של הקישור',
    expiredText: 'נא לבקש מאיתנו קישור חדש.',
    rejectedTitle: 'לא ניתן להתחיל את ההערכה',
    rejectedText: 'ייתכן שכבר השלמת אותה. אם לא, נא לפנות אלינו.',
    laterTitle: 'לא ניתן להתחיל את ההערכה כרגע',
    laterText: 'זו אינה אשמתך ודבר לא אבד. נא לנסות שוב בעוד רגע.',
    returnCompleteTitle: 'תודה',
    returnCompleteText: 'אם ענית על כל השאלות, אין צורך לעשות כאן דבר נוסף. ניצור איתך קשר לגבי השלב הבא.',
    returnCancelledTitle: 'יצאת מההערכה',
    returnCancelledText: 'כדי להמשיך, נא לפתוח שוב את הקישור מההודעה שלנו, או לפנות אלינו.',
    returnExpiredTitle: 'הזמן להערכה הסתיים',
    returnExpiredText: 'כדי לבצע אותה בכל זאת, נא לבקש מאיתנו קישור חדש.',
    tryAgain: 'ניסיון נוסף',
    afterBack: 'אם הדפדפן מציג שגיאה בחזרה אחורה, נא לפתוח שוב את הקישור מההודעה שלנו.',
    back: 'חזרה',
    privacy: 'הודעת פרטיות',
    reference: 'בפנייה אלינו, נא לציין את מספר הפנייה:',
    supportLine: 'שאלות? התקשרו: +972 3 555 0142, ימים א׳–ה׳.',
  },
  'https://www.lender.example/',
);
const lenders = { demo: demoPage, hebrew };
const pages = Object.entries(lenders).flatMap(([lender, applicantPage]) =>
  listPages(applicantPage).map((page) => ({
    ...page,
    path: `/${lender}/${page.language}/${page.name}`,
    // API Gateway's own pages contain their policy.
    policy: page.name.startsWith('gateway')
      ? undefined
      : contentSecurityPolicy(applicantPage.brand, 'https://app.psychometric.me'),
  })),
);
const rtl = new Set(['ar', 'he']);

const openPage = useBrowser();
let server: Server;
let origin: string;
let page: Page;
let hosts: Set<string>;

beforeAll(async () => {
  server = createServer(({ url }, response) => {
    const found = pages.find(({ path }) => path === url);
    const headers = {
      'Content-Type': 'text/html',
      ...(found?.policy && { 'Content-Security-Policy': found.policy }),
    };
    response.writeHead(found ? 200 : 404, headers).end(found?.html);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(async () => {
  page = await openPage();
  hosts = new Set();
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== 'data:') hosts.add(host);
  });
});
afterEach(() => {
  expect([...hosts]).toEqual([new URL(origin).host]);
});

const open = (path: string) => page.goto(origin + path);
const evaluate = <Result>(expression: string) => page.evaluate(expression) as Promise<Result>;

/**
 * Axe mistakes joined letters for an icon font and does not judge their contrast; the colours are those of all pages.
 */
const rulesFor = (language: string) => ['html-has-lang', ...(language === 'ar' ? [] : ['color-contrast'])];

describe.each(['light', 'dark'] as const)('in the %s scheme', (colorScheme) => {
  test.each(pages)('$path breaks no rule of WCAG 2.2, A and AA', async ({ path, language }) => {
    await page.emulateMedia({ colorScheme });
    await open(path);
    const { passed, violations } = await audit(page);
    expect(violations).toEqual([]);
    expect(passed).toEqual(expect.arrayContaining(rulesFor(language)));
  });
});

test.each(pages)(
  '$path needs no sideways scrolling at 320 px, or with text at twice the size',
  async ({ path }) => {
    await open(path);
    for (const size of ['100%', '200%']) {
      await evaluate(`document.documentElement.style.fontSize = '${size}'`);
      const [scrollWidth, clipped] = await evaluate<[number, string[]]>(`[
      document.documentElement.scrollWidth,
      [...document.querySelectorAll('h1, h2, p, li, button, a, header')]
        .filter((element) => element.role !== 'status' && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
        .map((element) => element.outerHTML),
    ]`);
      expect([size, scrollWidth, clipped]).toEqual([size, 320, []]);
    }
  },
);

const startPages = pages.filter(({ name }) => name === 'start');

test.each(startPages)('$path shows a large button at once on a phone of 320 × 568', async ({ path }) => {
  await page.setViewportSize({ width: 320, height: 568 });
  await open(path);
  const { y = 568, height = 0 } = (await page.getByRole('button').boundingBox()) ?? {};
  expect(y + height).toBeLessThanOrEqual(568);
  expect(height).toBeGreaterThanOrEqual(48);
});

test.each(startPages)('$path never breaks the address of the assessment', async ({ path }) => {
  await open(path);
  for (const size of ['100%', '200%']) {
    await evaluate(`document.documentElement.style.fontSize = '${size}'`);
    const lines = await evaluate<number>("document.querySelector('li bdi').getClientRects().length");
    expect([size, lines]).toEqual([size, 1]);
  }
});

test.each(pages)('$path is written in the direction of its language', async ({ path, language }) => {
  await open(path);
  const [direction, title, headingLeft, headerLeft] = await evaluate<[string, string, number, number]>(`[
    getComputedStyle(document.querySelector('h1')).direction,
    document.title,
    ...['h1', 'header > *'].map((selector) => {
      const range = document.createRange();
      range.selectNode(document.querySelector(selector).firstChild ?? document.querySelector(selector));
      const { left, right } = range.getBoundingClientRect();
      return left - (innerWidth - right);
    }),
  ]`);
  const isRtl = rtl.has(language);
  expect(direction).toBe(isRtl ? 'rtl' : 'ltr');
  // Nearer to the side where a line of this language starts.
  expect([headingLeft > 0, headerLeft > 0]).toEqual([isRtl, isRtl]);
  expect(title).toMatch(/– \u2068.+\u2069$/);
});

test.each(['/demo/ar/later', '/hebrew/he/later'])(
  '%s shows a Latin name, a phone number and a reference in their own order',
  async (path) => {
    await open(path);
    /** The positions of a text's characters, from left to right. */
    const orderOf = (selector: string) =>
      evaluate<string>(`(() => {
        const node = document.querySelector('${selector}').firstChild;
        const at = (index) => {
          const range = document.createRange();
          range.setStart(node, index);
          range.setEnd(node, index + 1);
          return range.getBoundingClientRect();
        };
        const characters = [...node.data].map((character, index) => ({ character, ...at(index).toJSON() }));
        return characters.sort((a, b) => a.top - b.top || a.left - b.left).map(({ character }) => character).join('');
      })()`);
    expect(await orderOf('aside bdi')).toBe('3f2a9c1b');
    expect(await orderOf('aside a')).toBe(
      path.includes('he') ? '+972\u00a03\u00a0555\u00a00142' : '0800\u00a0555\u00a00142',
    );
    if (path.includes('he')) expect(await orderOf('header bdi')).toBe('Sunrise Loans (Ltd.)');
  },
);

test.each(pages.filter(({ name }) => name.startsWith('gateway')))(
  '$path shows eight characters of the request’s id',
  async ({ path }) => {
    await open(path);
    for (const size of ['100%', '200%']) {
      await evaluate(`document.documentElement.style.fontSize = '${size}'`);
      const shown = await evaluate<string>(`(() => {
        const code = document.querySelector('aside code');
        const { right } = code.getBoundingClientRect();
        const range = document.createRange();
        return [...code.textContent].filter((_, index) => {
          range.setStart(code.firstChild, index);
          range.setEnd(code.firstChild, index + 1);
          return range.getBoundingClientRect().right < right + 1;
        }).join('');
      })()`);
      expect([size, shown]).toEqual([size, '3f2a9c1b']);
    }
  },
);

test.each(pages)('$path works with the keyboard, and shows the focus', async ({ path }) => {
  await open(path);
  const expected = await page.locator('button, a').allTextContents();
  for (const text of expected) {
    await page.keyboard.press('Tab');
    const [focused, outline] = await evaluate<[string, string]>(
      '[document.activeElement.textContent, getComputedStyle(document.activeElement).outline]',
    );
    expect(focused).toBe(text);
    expect(outline).toContain('solid 3px');
  }
});

test('long words are hyphenated in the language of the page', async () => {
  await open('/demo/fr/start');
  expect(await evaluate('[getComputedStyle(document.body).hyphens, document.documentElement.lang]')).toEqual([
    'auto',
    'fr',
  ]);
});

test('the logo is shown, and has a text alternative', async () => {
  await open('/demo/en/start');
  expect(await page.getByRole('img', { name: 'Sunrise Loans' }).count()).toBe(1);
  expect(await evaluate<number>("document.querySelector('img').naturalWidth")).toBeGreaterThan(0);
});

test('the logo keeps a white background if the reader’s own colours replace those of the page', async () => {
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' });
  await open('/demo/en/start');
  const [canvas, background] = await evaluate<string[]>(
    "['body', 'img'].map((each) => getComputedStyle(document.querySelector(each)).backgroundColor)",
  );
  expect(canvas).not.toBe('rgb(255, 255, 255)');
  expect(background).toBe('rgb(255, 255, 255)');
});
