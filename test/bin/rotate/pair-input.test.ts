import { expect, test } from '@jest/globals';
import { parsePairInput } from '../../../bin/rotate/pair-input.ts';

const parse = (json: string, encoding: BufferEncoding = 'utf8') =>
  parsePairInput(Buffer.from(json, encoding));
const good = { apiKey: 'new-api-key', integrationId: '42' };

test('accepts a pair with any white space around its JSON', () => {
  expect(parse(`\n ${JSON.stringify(good, null, 2)}\n`)).toEqual(good);
});

test('accepts a byte order mark, and what PowerShell 5 writes', () => {
  const json = `\ufeff${JSON.stringify(good)}`;
  expect([parse(json), parse(json, 'utf16le')]).toEqual([good, good]);
});

test.each<[string, unknown, string]>([
  ['nothing', '', 'not JSON'],
  ['a bare key', 'new-api-key', 'not JSON'],
  ['null', 'null', 'API key is missing'],
  ['a number', { ...good, apiKey: 42 }, 'API key is missing, or is not a string'],
  ['no integration id', { apiKey: 'new-api-key' }, 'integration id is missing'],
  ['an empty key', { ...good, apiKey: '' }, 'API key is empty'],
  ['a key of white space', { ...good, apiKey: ' \t' }, 'API key is only white space'],
  ['a pasted line break at the end', { ...good, apiKey: 'new-api-key\n' }, 'API key contains a line break'],
  ['a pasted line break inside', { ...good, apiKey: 'new-\r\napi-key' }, 'API key contains a line break'],
  ['a trailing space', { ...good, integrationId: '42 ' }, 'integration id begins or ends with white space'],
  ['a space inside', { ...good, apiKey: 'new api key' }, 'API key contains a character that is not allowed'],
  ['a key in quotes', { ...good, apiKey: '"new-api-key"' }, 'API key is in quotation marks'],
  ['an id in single quotes', { ...good, integrationId: "'42'" }, 'integration id is in quotation marks'],
  ['a key of 70 kB', { ...good, apiKey: 'new-api'.repeat(10_000) }, 'API key is too long'],
  ['an accent', { ...good, apiKey: 'clé' }, 'API key contains a character that is not allowed'],
  ['the placeholder', { ...good, apiKey: 'UNSET' }, 'API key is the placeholder of a new stage'],
  ['one value twice', { ...good, integrationId: good.apiKey }, 'are the same'],
])('refuses %s, and says why without a value', (_, input, reason) => {
  const json = typeof input === 'string' ? input : JSON.stringify(input);
  let message = 'accepted';
  try {
    parse(json);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toContain(reason);
  for (const value of ['new-api', 'clé', '42']) expect(message).not.toContain(value);
});
