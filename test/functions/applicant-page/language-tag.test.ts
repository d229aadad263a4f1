import { expect, test } from '@jest/globals';
import { isLanguageTag } from '../../../functions/applicant-page/language-tag.ts';

test.each([
  'en',
  'es',
  'pt-BR',
  'PT-br',
  'fil',
  'es-419',
  'zh-Hant',
  'sr-Latn-RS',
  'zh-Hant-419',
  'ca-valencia',
  'de-1996',
])('takes %s for a language tag', (tag) => {
  expect(isLanguageTag(tag)).toBe(true);
  // What the pattern accepts is one for JavaScript's own parser too.
  expect(() => new Intl.Locale(tag)).not.toThrow();
});

test.each([
  '',
  'e',
  'english',
  'en_US',
  'en-',
  '-en',
  'en--US',
  'en US',
  'x-lender',
  'en-u-nu-latn',
  'zho-Hant-419',
  'en"><b>',
  'en\n',
  null,
  undefined,
  5,
  ['en'],
])('takes %j for none', (value) => {
  expect(isLanguageTag(value)).toBe(false);
});
