import { expect, test } from '@jest/globals';
import { isSamePair, parsePair } from '../../../functions/credentials/credentials-pair.ts';

const pair = { apiKey: 'key', integrationId: '42' };

test.each([
  [{ ...pair }, true],
  [{ ...pair, apiKey: 'another key' }, false],
  [{ ...pair, integrationId: '43' }, false],
  [undefined, false],
])('compares a pair with %j: %p', (other, isSame) => {
  expect(isSamePair(pair, other)).toBe(isSame);
});

test.each([
  ['of two values', JSON.stringify({ ...pair, more: 1 }), pair],
  ['not there', undefined, undefined],
  ['no JSON', 'key', undefined],
  ['null', 'null', undefined],
  ['of an array', '["key","42"]', undefined],
  ['without a key', '{"integrationId":"42"}', undefined],
  ['without an id', '{"apiKey":"key"}', undefined],
  ['with an empty key', JSON.stringify({ ...pair, apiKey: '' }), undefined],
  ['with the sentinel for a key', JSON.stringify({ ...pair, apiKey: 'UNSET' }), undefined],
  ['with the sentinel for an id', JSON.stringify({ ...pair, integrationId: 'UNSET' }), undefined],
  ['with a number', JSON.stringify({ ...pair, integrationId: 42 }), undefined],
  ['with a space before a value', JSON.stringify({ ...pair, apiKey: ' key' }), undefined],
  ['with a space after a value', JSON.stringify({ ...pair, apiKey: 'key ' }), undefined],
  ['with a space after an id', JSON.stringify({ ...pair, integrationId: '42 ' }), undefined],
  ['with a letter that no header can contain', JSON.stringify({ ...pair, apiKey: 'clé' }), undefined],
  ['with a line break after a value', JSON.stringify({ ...pair, apiKey: 'key\n' }), undefined],
])('reads a value %s', (_, secretString, read) => {
  expect(parsePair(secretString)).toEqual(read);
});
