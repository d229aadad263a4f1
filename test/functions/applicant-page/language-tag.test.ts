import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isLanguageTag, toLanguageTag } from '../../../functions/applicant-page/language-tag.ts';

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
])('accepts %s as a language tag', (tag) => {
  expect(isLanguageTag(tag)).toBe(true);
  // JavaScript's own parser accepts every tag that the pattern accepts.
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
])('refuses %j', (value) => {
  expect(isLanguageTag(value)).toBe(false);
});

test('accepts only tags that JavaScript’s own parser accepts', () => {
  const tags = fc.stringMatching(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8}){0,3}$/).filter(isLanguageTag);
  fc.assert(fc.property(tags, (tag) => new Intl.Locale(tag).language.length > 1));
});

test.each([
  ['es', 'es'],
  ['es_MX', 'es-MX'],
  ['pt-br', 'pt-BR'],
  ['ZH_hant_tw', 'zh-Hant-TW'],
  ['zho-Hant-419', 'zh-Hant-419'],
  ['en-US-u-hc-h12', 'en-US'],
  ['sl-rozaj-biske-1994', 'sl'],
  ['english', undefined],
  ['es_MX.UTF-8', undefined],
  ['', undefined],
  ['x'.repeat(3_000), undefined],
])('understands the wish %s as %s', (wish, tag) => {
  expect(toLanguageTag(wish)).toBe(tag);
});

test('understands any wish as a language tag or as none', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}$/)),
      (wish) => {
        const tag = toLanguageTag(wish);
        expect(tag === undefined || isLanguageTag(tag)).toBe(true);
      },
    ),
  );
});
