import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import type { ApplicantPage } from '../../../functions/applicant-page/applicant-page.ts';
import { contentSecurityPolicy } from '../../../functions/applicant-page/content-security-policy.ts';
import {
  endings,
  errorContent,
  returnContent,
  type Situation,
  situationOf,
  startContent,
} from '../../../functions/applicant-page/page-content.ts';
import { backScript, tapScript } from '../../../functions/applicant-page/page-style.ts';
import { renderPage, renderTemplate } from '../../../functions/applicant-page/render-page.ts';
import { applicantPageOf } from '../../../lib/stages/applicant-page.ts';
import { shippedTexts } from '../../../lib/stages/page-texts/shipped-texts.ts';

const situations: Situation[] = ['invalid', 'expired', 'rejected', 'later'];
const options = { method: 'POST', returnUrl: undefined, reference: '0a1b2c3d' };

const startPage = ({ languages: [language], brand }: ApplicantPage) =>
  renderPage({ language, brand, content: startContent(language) });
const errorPage = ({ languages: [language], brand }: ApplicantPage, situation: Situation) =>
  renderPage({ language, brand, content: errorContent(language, situation, options) });

const page = applicantPageOf({ lenderName: 'Sunrise Loans' });
const html = startPage(page);

/** The body, with the names of the scripts instead of their code. */
const bodyOf = (html: string) =>
  /<body>\n(.*)<\/body>/s.exec(html)?.[1]?.replace(tapScript, 'for the tap').replace(backScript, 'for Back');

describe('the page of a link', () => {
  test('has these elements', () => {
    const texts = page.languages[0];
    expect(html).toMatch(
      /^<!doctype html>\n<html lang="en" dir="ltr">\n<head>\n<meta charset="utf-8">\n<meta/,
    );
    expect(bodyOf(html)).toBe(`<div>
<header><bdi>Sunrise Loans</bdi></header>
<main>
<h1>${texts.title}</h1>
<p>${texts.text}</p>
<ul role="list">
<li><svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 3"/></svg><span>${texts.duration}</span></li>
<li><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9"/></svg><span>${texts.handover.replace('psychometric.me', '<bdi>psychometric.me</bdi>')}</span></li>
</ul>
<form method="post">
<button type="submit" name="start" value="1" data-opening="${texts.opening}">${texts.button}</button>
<p role="status"></p>
</form>
</main>

</div>
<script>for the tap</script>
`);
  });

  test('fits a phone’s width, and loads nothing', () => {
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(html).not.toMatch(/<script \w|javascript:|\son\w+=|https?:|@import|url\(/);
  });

  test('says how long it takes, who conducts it and at which address', () => {
    expect(html).toContain('3 to 5 minutes');
    expect(html).toContain('Begini');
    expect(html).toContain('psychometric.me');
  });

  test('has no reference and no link out, and a footer only if the stage has a text for it', () => {
    expect(html).not.toMatch(/<footer|reference/);
    const supported = applicantPageOf({
      supportLine: 'Call 123',
      privacyUrl: 'https://lender.example/p?a=1&b',
    });
    expect(startPage(supported)).toMatch(
      /<footer>\n<p dir="auto">Call 123<\/p>\n<p><a href="https:\/\/lender.example\/p\?a=1&#38;b">Privacy notice<\/a><\/p>/,
    );
  });
});

describe('an error page', () => {
  test('has these elements', () => {
    const texts = page.languages[0];
    const content = errorContent(texts, 'expired', { ...options, returnUrl: 'https://lender.example/' });
    const language = { ...texts, supportLine: 'Call 123' };
    expect(bodyOf(renderPage({ language, brand: page.brand, content }))).toBe(`<div>
<header><bdi>Sunrise Loans</bdi></header>
<main>
<h1>${texts.expiredTitle}</h1>
<p>${texts.expiredText}</p>
<p id="after-back">${texts.afterBack}</p>
<a href="https://lender.example/">${texts.back}</a>
<aside>
<p dir="auto">Call 123</p>
<p>${texts.reference} <bdi>0a1b2c3d</bdi></p>
</aside>
</main>

</div>
<script>for Back</script>
`);
  });

  test.each(situations)('says what to do now and has the reference: %s', (situation) => {
    const error = errorPage(applicantPageOf({ supportLine: 'Call 123' }), situation);
    const texts = shippedTexts.en as Record<string, string>;
    for (const name of ['Title', 'Text']) expect(error).toContain(`>${texts[situation + name]}</`);
    expect(error).toContain(`<p>${texts.reference} <bdi>0a1b2c3d</bdi></p>`);
    expect(error).toContain('<p dir="auto">Call 123</p>');
    expect(error).not.toMatch(/Begini|psychometric/);
  });

  test.each(situations)(
    'has a button, and a script for it, only if trying again can help: %s',
    (situation) => {
      const canHelp = situation === 'later';
      expect(errorPage(page, situation).includes('<button')).toBe(canHelp);
      expect(errorPage(page, situation).includes(tapScript)).toBe(canHelp);
    },
  );

  test.each(situations)(
    'that answers the tap lets the browser go back, or says what to do: %s',
    (situation) => {
      const [language] = page.languages;
      for (const method of ['POST', 'GET', 'HEAD', undefined]) {
        const content = errorContent(language, situation, { ...options, method });
        const html = renderPage({ language, brand: page.brand, content });
        expect(html.includes(`<script>${backScript}</script>`)).toBe(method === 'POST');
        expect(html.includes(`<p id="after-back">${language.afterBack}</p>`)).toBe(method === 'POST');
      }
    },
  );

  test.each([
    ['POST', 'post'],
    ['GET', 'get'],
    ['HEAD', 'get'],
    [undefined, 'get'],
  ])('tries a failed %s again by %s', (method, formMethod) => {
    const [language] = page.languages;
    expect(errorContent(language, 'later', { ...options, method }).form?.method).toBe(formMethod);
  });

  test.each([
    ['launch_link_invalid', 'invalid'],
    ['launch_link_expired', 'expired'],
    ['rejected_by_vendor', 'rejected'],
    ['vendor_timeout', 'later'],
    ['session_in_progress', 'later'],
    ['internal_error', 'later'],
  ])('for %s says what to do when it is %s', (code, situation) => {
    expect(situationOf(code)).toBe(situation);
  });
});

const returnPages = ({ languages: [language], brand }: ApplicantPage, returnUrl?: string) =>
  endings.map((ending) =>
    renderPage({ language, brand, content: returnContent(language, ending, returnUrl) }),
  );

describe('a return page', () => {
  test('has these elements', () => {
    const texts = page.languages[0];
    expect(bodyOf(returnPages(page, 'https://lender.example/')[0] ?? '')).toBe(`<div>
<header><bdi>Sunrise Loans</bdi></header>
<main>
<h1>${texts.returnCompleteTitle}</h1>
<p>${texts.returnCompleteText}</p>
<a href="https://lender.example/">${texts.back}</a>
</main>

</div>
`);
  });

  test('is different for each ending, and has no link if the stage has no address for it', () => {
    const pages = returnPages(page);
    expect(new Set(pages).size).toBe(3);
    for (const html of pages) expect(html).not.toContain('<a ');
  });
});

test.each(Object.keys(shippedTexts))('every page is under 6 kB without a logo, in %s', (language) => {
  const page = applicantPageOf({
    languages: { [language]: {} },
    supportLine: 'Questions? Call us: 0800 555 0142, Monday to Friday, 8 am to 6 pm.',
    privacyUrl: 'https://www.lender.example/privacy',
  });
  const pages = [
    startPage(page),
    ...situations.map((situation) => errorPage(page, situation)),
    ...returnPages(page, 'https://www.lender.example/applications'),
  ];
  for (const html of pages) expect(Buffer.byteLength(html)).toBeLessThan(6_000);
});

test('texts are shown as text, whatever they contain', () => {
  const evil = `"'><script>alert(1)</script>&amp;$context.requestId`;
  const [language] = page.languages;
  const texts = Object.fromEntries(Object.keys(language).map((name) => [name, evil]));
  const spoiled = { ...language, ...texts, direction: 'ltr' } as const;
  const contents = [
    startContent(spoiled),
    ...situations.map((situation) =>
      errorContent(spoiled, situation, { ...options, returnUrl: evil, reference: evil }),
    ),
    ...endings.map((ending) => returnContent(spoiled, ending, evil)),
  ];
  for (const content of contents) {
    const brands = [page.brand, { ...page.brand, logo: 'data:,' }];
    for (const brand of brands) {
      const html = renderPage({ language: spoiled, brand, content });
      const ownScripts = Number('form' in content) + Number('afterBack' in content);
      expect(html.match(/<script>/g) ?? []).toHaveLength(ownScripts);
      expect(html).not.toMatch(/<script>alert|&amp;|"'>|\$context/);
      expect(html).toContain('&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;amp;&#36;context');
    }
    const template = renderTemplate({ language: spoiled, brand: page.brand, content }, [
      { language: spoiled, content },
    ]);
    expect(template.match(/<script>/g)).toHaveLength(1);
    expect(template).not.toMatch(/<script>alert|&amp;|"'>/);
    expect(template.match(/\$context/g)).toHaveLength(1);
  }
});

describe('a phone number in the support line', () => {
  const supportLineOf = (supportLine: string) =>
    /<p dir="auto">(.*)<\/p>/.exec(startPage(applicantPageOf({ supportLine })))?.[1];

  test.each(['0800 555 0142', '+254 (20) 555-0142', '(011) 5555 0142', '08005550142', '+33 1 55 50 14 20'])(
    'is ready to be tapped, and keeps the order of its digits: %s',
    (number) => {
      const digits = number.replace(/[^+\d]/g, '');
      expect(supportLineOf(`اتصل بنا على ${number}، من 8 إلى 18.`)).toBe(
        `اتصل بنا على <a href="tel:${digits}" dir="ltr">${number.replaceAll(' ', '&#160;')}</a>، من 8 إلى 18.`,
      );
    },
  );

  test.each(['Monday to Friday, 8 am to 6 pm', 'Branch 12345, room 3', 'Form A1234567', '<b>8</b> & "9"'])(
    'is not found in %s',
    (text) => {
      expect(supportLineOf(text)).not.toContain('<a');
    },
  );
});

describe('direction', () => {
  test.each([
    ['ar', 'rtl'],
    ['ar-EG', 'rtl'],
    ['es', 'ltr'],
    ['pt-BR', 'ltr'],
  ])('%s is written %s', (tag, direction) => {
    expect(startPage(applicantPageOf({ language: tag }))).toContain(
      `<html lang="${tag}" dir="${direction}">`,
    );
  });

  test('isolates the lender’s name and the reference from the text around them', () => {
    const arabic = applicantPageOf({ language: 'ar', lenderName: 'Sunrise Loans!' });
    expect(startPage(arabic)).toContain('<header><bdi>Sunrise Loans!</bdi></header>');
    expect(startPage(arabic)).toContain('– &#8296;Sunrise Loans!&#8297;</title>');
    expect(errorPage(arabic, 'expired')).toContain('<bdi>0a1b2c3d</bdi>');
  });
});

describe('brand', () => {
  const logo = 'data:image/svg+xml;base64,PHN2Zz4=';
  const branded = { ...page, brand: { color: '#123456', darkColor: '#abcdef', logo } };

  test('gives the page its colours, one for each scheme', () => {
    expect(startPage(branded)).toMatch(/--brand:#123456.*prefers-color-scheme:dark.*--brand:#abcdef/s);
  });

  test('shows the logo instead of the name, with the name as its text', () => {
    expect(startPage(branded)).toContain(`<header><img src="${logo}" alt="Sunrise Loans"></header>`);
  });
});

describe('the script of a page', () => {
  /** Runs it beside one button and one status, whose texts and listeners can be seen. */
  function runScript() {
    const listeners = new Map<string, () => void>();
    const addEventListener = (name: string, listener: () => void) => listeners.set(name, listener);
    const timers = new Map<number, () => void>();
    const button = {
      disabled: false,
      textContent: 'Start',
      dataset: { opening: 'Opening…' },
      form: { addEventListener },
    };
    const status = { textContent: '' };
    runInNewContext(tapScript, {
      document: { querySelector: (selector: string) => (selector === 'button' ? button : status) },
      addEventListener,
      setTimeout: (listener: () => void, ms: number) => timers.set(ms, listener) && ms,
      clearTimeout: (ms?: number) => timers.delete(Number(ms)),
    });
    return { button, status, timers, fire: (name: string) => listeners.get(name)?.() };
  }

  test('disables the button on the tap, and says so', () => {
    const { button, status, fire } = runScript();
    fire('submit');
    expect(button).toMatchObject({ disabled: true, textContent: 'Opening…' });
    expect(status.textContent).toBe('Opening…');
  });

  test.each([
    ['the page is shown again', (script: ReturnType<typeof runScript>) => script.fire('pageshow')],
    ['10 s have passed', (script: ReturnType<typeof runScript>) => script.timers.get(10_000)?.()],
  ])('makes it ready again when %s', (_, happens) => {
    const script = runScript();
    script.fire('submit');
    happens(script);
    expect(script.button).toMatchObject({ disabled: false, textContent: 'Start' });
    expect(script.status.textContent).toBe('');
    expect(script.timers.size).toBe(0);
  });
});

describe('the policy of a page', () => {
  const html = errorPage(page, 'later');
  const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  /** The hash of each element of this name, as policies have it. */
  const hashesOf = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))]
      .map(([, text = '']) => hashOf(text))
      .join(' ');
  const vendor = 'https://app.psychometric.me';

  test('allows its own style and scripts and nothing else', () => {
    expect(contentSecurityPolicy(page.brand, vendor)).toBe(
      `default-src 'none'; style-src ${hashesOf('style')}; script-src ${hashesOf('script')}; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'`,
    );
  });

  test('allows an image as data if the stage has a logo', () => {
    const policy = contentSecurityPolicy({ ...page.brand, logo: 'data:,' }, vendor);
    expect(policy).toContain('; img-src data:; ');
  });

  test('allows a form to a simulator without TLS if the service uses one', () => {
    expect(contentSecurityPolicy(page.brand, 'http://127.0.0.1:3001')).toContain(
      "form-action 'self' https: http://127.0.0.1:3001;",
    );
  });

  test('is in the page itself if the page is a template', () => {
    const [language] = page.languages;
    const template = renderTemplate(
      { language, brand: page.brand, content: errorContent(language, 'later', options) },
      [],
    );
    expect(template).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${hashesOf('style')}; script-src ${hashOf(backScript)}; form-action 'self'; base-uri 'none'">`,
    );
    expect(template.endsWith(`</div>\n<script>${backScript}</script>\n</body>\n</html>\n`)).toBe(true);
  });
});
