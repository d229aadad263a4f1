import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { applicantPageOf, isUnnamed } from '../../../lib/stages/applicant-page.ts';
import { shippedTexts } from '../../../lib/stages/page-texts/shipped-texts.ts';
import { readStages } from '../../../lib/stages/stages.ts';
import { messageFor as messageForTable } from './message-for.ts';

const { en, es } = shippedTexts as Record<string, object>;
const translated = Object.fromEntries(Object.keys(en ?? {}).map((name) => [name, `Kumusta: ${name}`]));

const messageFor = (applicantPage: unknown) =>
  messageForTable({ Demo: { environment: 'test', applicantPage } });

const plain = 'use a text of 1 to 300 characters, without line breaks';
const tag = 'use a language tag of at most 11 characters such as "en" or "pt-BR"';

describe('a page in one language', () => {
  test('has English texts by default', () => {
    expect(readStages({ Demo: { environment: 'test' } })[0]?.applicantPage).toEqual({
      languages: [{ ...en, language: 'en', direction: 'ltr', supportLine: undefined, privacyUrl: undefined }],
      brand: { color: '#0b4a8f', darkColor: expect.stringMatching(/^#[0-9a-f]{6}$/), logo: undefined },
      returnUrl: undefined,
    });
  });

  test('keeps the shipped texts that it does not name', () => {
    const page = applicantPageOf({ language: 'es-MX', lenderName: 'Crédito Ya', title: 'Hola' });
    expect(page.languages).toMatchObject([
      { ...es, language: 'es-MX', lenderName: 'Crédito Ya', title: 'Hola' },
    ]);
  });

  test('may be in any language that has every text', () => {
    const page = applicantPageOf({ ...translated, language: 'tl' });
    expect(page.languages).toMatchObject([{ ...translated, language: 'tl', direction: 'ltr' }]);
  });

  test.each([
    ['', 'applicantPage: "" is not allowed; use an object of settings'],
    [{ title: '' }, `applicantPage.title: "" is not allowed; ${plain}`],
    [{ title: 'x'.repeat(301) }, `is not allowed; ${plain}`],
    [{ text: 'two\nlines' }, `applicantPage.text: "two\\nlines" is not allowed; ${plain}`],
    [{ language: 'english!' }, `applicantPage.language: "english!" is not allowed; ${tag}`],
    [{ language: 5 }, `applicantPage.language: 5 is not allowed; ${tag}`],
    [{ subtitle: 'x' }, 'applicantPage.subtitle: no such setting; use language, lenderName, supportLine'],
    [{ language: 'tl', title: 'Kumusta' }, `applicantPage.tryAgain: missing; ${plain}`],
    [{ language: 'tl', title: 'Kumusta' }, `applicantPage.lenderName: missing; ${plain}`],
    [{ language: 'pt-PT' }, `applicantPage.title: missing; ${plain}`],
    [{ supportLine: 'x'.repeat(301) }, `is not allowed; ${plain}`],
    [
      { privacyUrl: 'http://lender.example' },
      'applicantPage.privacyUrl: "http://lender.example" is not allowed; use an address such as "https://www.lender.example/privacy"',
    ],
  ])('refuses %j', (settings, message) => {
    expect(messageFor(settings)).toContain(message);
  });

  test('refuses texts that make the page too large', () => {
    const long = Object.fromEntries(Object.keys(en ?? {}).map((name) => [name, 'é'.repeat(150)]));
    expect(messageFor({ ...long, language: 'fr' })).toMatch(
      /stages\.Demo\.applicantPage, fr: "\d+ bytes" is not allowed; use texts of at most 6000 bytes together/,
    );
  });
});

describe('a page in several languages', () => {
  const languages = {
    es: {},
    en: { title: 'Hello' },
    ar: { lenderName: 'قروض الشروق', supportLine: 'اتصل بنا' },
  };
  const shared = {
    lenderName: 'Sunrise Loans',
    supportLine: 'Call us',
    privacyUrl: 'https://lender.example/p',
  };

  test('has them in the order of the row, with shared values that a language can override', () => {
    expect(applicantPageOf({ ...shared, languages }).languages).toMatchObject([
      { ...es, ...shared, language: 'es', direction: 'ltr' },
      { ...shared, language: 'en', title: 'Hello' },
      {
        ...shared,
        language: 'ar',
        direction: 'rtl',
        lenderName: 'قروض الشروق',
        supportLine: 'اتصل بنا',
      },
    ]);
  });

  test('may add a language to the shipped ones, under the shared name of the lender', () => {
    const { lenderName, ...texts } = translated;
    expect(messageFor({ lenderName: 'Sunrise Loans', languages: { en: {}, tl: texts } })).toBe('accepted');
    expect(messageFor({ languages: { en: {}, tl: texts } })).toContain('languages.tl.lenderName: missing');
    expect(messageFor({ languages: { en: {}, tl: { ...texts, lenderName } } })).toBe('accepted');
  });

  test.each([
    [{ languages: {} }, 'applicantPage.languages: {} is not allowed; use at least one language'],
    [{ languages: [] }, 'applicantPage.languages: [] is not allowed; use an object of settings'],
    [{ languages: { en: {}, EN: {} } }, 'use each language once'],
    [{ languages: { 'pt-BR': {}, es: {}, 'pt-br': {} } }, 'use each language once'],
    [{ languages: 'es' }, 'applicantPage.languages: "es" is not allowed; use an object of settings'],
    [{ languages: { spanish: {} } }, `applicantPage.languages.spanish: no such setting; ${tag}`],
    [
      { languages: { es: 'Hola' } },
      'applicantPage.languages.es: "Hola" is not allowed; use an object of settings',
    ],
    [{ languages: { es: { title: 5 } } }, `applicantPage.languages.es.title: 5 is not allowed; ${plain}`],
    [{ languages: { es: {}, tl: { title: 'x' } } }, `applicantPage.languages.tl.button: missing; ${plain}`],
    [{ languages: { es: { color: '#000000' } } }, 'applicantPage.languages.es.color: no such setting'],
    [
      { languages: { es: {} }, title: 'x' },
      'applicantPage.title: no such setting; use languages, lenderName',
    ],
    [{ languages: { es: {} }, language: 'es' }, 'applicantPage.language: no such setting; use languages'],
  ])('refuses %j', (settings, message) => {
    expect(messageFor(settings)).toContain(message);
  });
});

describe('direction', () => {
  test.each([
    ['ar', 'rtl'],
    ['he', 'rtl'],
    ['fa-IR', 'rtl'],
    ['ur', 'rtl'],
    ['ur-Latn', 'ltr'],
    ['az-Arab', 'rtl'],
    ['tl', 'ltr'],
    ['pt-BR', 'ltr'],
  ])('%s is written %s', (language, direction) => {
    expect(applicantPageOf({ ...translated, language }).languages[0].direction).toBe(direction);
  });
});

describe('the lender’s name', () => {
  test.each([
    [{}, true],
    [{ language: 'es' }, true],
    [{ lenderName: 'Sunrise Loans' }, false],
    [{ languages: { en: { lenderName: 'Sunrise Loans' }, ar: {} } }, true],
    [{ lenderName: 'Sunrise Loans', languages: { en: {}, ar: {} } }, false],
  ])('is missing in %j: %s', (settings, unnamed) => {
    expect(isUnnamed(applicantPageOf(settings))).toBe(unnamed);
  });
});

describe('a colour', () => {
  test.each(['#0b4a8f', '#9A3412', '#000000'])('may be %s', (color) => {
    expect(applicantPageOf({ color }).brand.color).toBe(color);
  });

  test.each(['red', '#123', '#12345g', 'rgb(0,0,0)', '#000000;}', 5, null])('may not be %j', (color) => {
    expect(messageFor({ color })).not.toContain('nearest');
    expect(messageFor({ color })).toContain(
      `applicantPage.color: ${JSON.stringify(color)} is not allowed; use a colour in the form #rrggbb such as "#0b4a8f", with a contrast of at least 4.5:1 to white`,
    );
  });

  test('that is not readable is refused, and the nearest readable one is named', () => {
    expect(messageFor({ color: '#ff6600' })).toContain(
      'applicantPage.color: "#ff6600" is not allowed; use a colour in the form #rrggbb such as "#0b4a8f", with a contrast of at least 4.5:1 to white; the nearest is "#cb4f00"',
    );
    expect(messageFor({ color: '#cb4f00' })).toBe('accepted');
  });
});

describe('a logo', () => {
  const png = Buffer.from('89504e470d0a1a0a', 'hex');
  let folder: string;
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content);
    return relative(process.cwd(), join(folder, name));
  };
  beforeAll(() => {
    // In the repository, where git ignores it.
    const ignored = join(process.cwd(), 'coverage');
    mkdirSync(ignored, { recursive: true });
    folder = mkdtempSync(join(ignored, 'logo-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('becomes part of the page', () => {
    const logoOf = (logo: string) => applicantPageOf({ logo }).brand.logo;
    expect(logoOf(write('a.svg', '<svg/>'))).toBe('data:image/svg+xml;base64,PHN2Zy8+');
    expect(logoOf(write('a.PNG', png))).toBe(`data:image/png;base64,${png.toString('base64')}`);
    expect(logoOf(write('8k.svg', '<svg/>'.padEnd(8_000)))).toMatch(/^data:image\/svg/);
  });

  test('is refused if it is too large, of another type, missing or outside the repository', () => {
    const refused = [
      write('large.svg', '<svg/>'.padEnd(8_001)),
      write('a.jpg', '<svg/>'),
      write('text.svg', 'not a drawing'),
      write('text.png', '<svg/>'),
      'no-such-file.svg',
      '../logo.svg',
      join(process.cwd(), write('b.svg', '<svg/>')),
      'https://lender.example/logo.svg',
      5,
    ];
    for (const logo of refused) {
      expect(messageFor({ logo })).toContain(
        `applicantPage.logo: ${JSON.stringify(logo)} is not allowed; use the path of an SVG or PNG file in this repository, of at most 8000 bytes`,
      );
    }
  });
});
