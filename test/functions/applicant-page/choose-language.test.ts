import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chooseLanguage } from '../../../functions/applicant-page/choose-language.ts';

type Languages = readonly [{ language: string }, ...{ language: string }[]];
const languages: Languages = [
  { language: 'es' },
  { language: 'en' },
  { language: 'pt-BR' },
  { language: 'ar' },
] as const;
const choose = (linkLanguage?: string, acceptLanguage?: string, among = languages) =>
  chooseLanguage(among, { linkLanguage, acceptLanguage }).language;

test.each([
  ['the link’s', 'ar', 'en', 'ar'],
  ['the link’s, in another case', 'PT-br', undefined, 'pt-BR'],
  ['the link’s, without its region', 'es-MX', 'en', 'es'],
  ['the browser’s if the stage has no such language', 'tl', 'en', 'en'],
  ['the browser’s if the link has none', undefined, 'en-KE,en;q=0.9', 'en'],
  ['the first if neither names one', undefined, undefined, 'es'],
  ['the first if the stage has no requested language', 'tl', 'fr,de;q=0.9,*;q=0.1', 'es'],
])('chooses %s', (_, link, accept, chosen) => {
  expect(choose(link, accept)).toBe(chosen);
});

test.each([
  ['pt', 'pt-BR'],
  ['pt-PT, en;q=0.5', 'pt-BR'],
  ['en;q=0.5, ar;q=0.8', 'ar'],
  ['en;q=0.8,ar;q=0.8', 'en'],
  ['en;q=0, ar;q=0.1', 'ar'],
  ['EN-us', 'en'],
  ['de, en ; q=0.3', 'en'],
  ['en;q=2, ar;q=0.1', 'ar'],
  ['en;q=nonsense, ar;q=0.001', 'ar'],
  ['en;level=1, ar', 'ar'],
  ['en;xq=1, ar;q=0.1', 'ar'],
  ['en;q=0.9999, ar;q=0.5', 'ar'],
])('understands the Accept-Language %s', (accept, chosen) => {
  expect(choose(undefined, accept)).toBe(chosen);
});

test.each(['en;q=0', 'en-<script>', `${'de,'.repeat(200)}en`])(
  'shows the first language if the browser refuses the others, malforms a tag or sends too long a header: %#',
  (accept) => {
    expect(choose(undefined, accept)).toBe('es');
  },
);

test('prefers the same language and script to the same language only', () => {
  const chinese: Languages = [{ language: 'zh-Hans' }, { language: 'zh-Hant' }];
  expect(choose('zh-Hant-TW', undefined, chinese)).toBe('zh-Hant');
  expect(choose('zh-TW', undefined, chinese)).toBe('zh-Hans');
});

test.each([
  '',
  ',',
  ';;;',
  '*',
  'en_US',
  '<script>',
  '../../etc/passwd',
  '\u0000',
  ','.repeat(100_000),
  `${'a'.repeat(9)},`.repeat(9_999),
])('shows the first language for a hostile header', (accept) => {
  expect(choose(undefined, accept)).toBe('es');
});

test('a language is found by whole parts of its tag: its first part is that of the wish', () => {
  const tags = [
    'fil',
    'fi',
    'fi-FI',
    'en',
    'en-GB',
    'e',
    'pt-BR',
    'pt',
    'p',
    'zh-Hant',
    'zh-Ha',
    'az',
    'aza',
  ];
  const tag = fc.constantFrom(...tags);
  const primary = (one: string) => one.split('-')[0];
  fc.assert(
    fc.property(tag, fc.constantFrom('fil', 'en-GB', 'pt-BR', 'zh-Hant', 'aza'), (wish, offered) => {
      const among = [{ language: 'xx' }, { language: offered }] as const;
      const found = [choose(wish, undefined, among), choose(undefined, wish, among)];
      const isOffered = primary(wish) === primary(offered);
      expect(found).toEqual(Array(2).fill(isOffered ? offered : 'xx'));
    }),
  );
});

test('chooses one of the stage’s languages for any request', () => {
  fc.assert(
    fc.property(fc.option(fc.string(), { nil: undefined }), fc.string(), (link, accept) => {
      expect(languages.map(({ language }) => language)).toContain(choose(link, accept));
    }),
  );
});
