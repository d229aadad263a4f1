import { describe, expect, test } from '@jest/globals';
import { shippedTexts, shippedTextsFor } from '../../../lib/stages/page-texts/shipped-texts.ts';

const { en = {}, ...translations } = shippedTexts as Record<string, Record<string, string>>;

test('are shipped in five languages', () => {
  expect(Object.keys(shippedTexts)).toEqual(['en', 'es', 'pt-BR', 'fr', 'ar']);
});

describe.each(Object.entries(translations))('the texts in %s', (_, texts) => {
  test('are complete, and none is in English', () => {
    expect(Object.keys(texts)).toEqual(Object.keys(en));
    for (const [name, text] of Object.entries(texts)) {
      expect(text).toMatch(/^\S.*\S$/);
      expect(text).not.toBe(en[name]);
    }
  });

  test('end as the English ones: a sentence, a colon, an ellipsis or nothing', () => {
    for (const [name, text] of Object.entries(texts)) {
      const end = (value = '') => /[.:…]$/.exec(value)?.[0];
      expect([name, end(text)]).toEqual([name, end(en[name])]);
    }
  });

  test('name the vendor, its address and the minutes', () => {
    expect(texts.handover).toMatch(/Begini.*psychometric\.me/);
    expect(texts.duration).toMatch(/3.*5/);
  });
});

test.each([
  ['es-MX', 'es'],
  ['ES', 'es'],
  ['pt', 'pt-BR'],
  ['pt-br', 'pt-BR'],
  ['ar-EG', 'ar'],
])('those for %s are those of %s', (tag, shipped) => {
  expect(shippedTextsFor(tag)).toBe(shippedTexts[shipped]);
});

test.each(['tl', 'pt-PT', 'est', 'x'])('%s has none', (tag) => {
  expect(shippedTextsFor(tag)).toBeUndefined();
});
