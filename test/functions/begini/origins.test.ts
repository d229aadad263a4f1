import { expect, test } from '@jest/globals';
import { beginiOrigins, readOrigins } from '../../../functions/begini/origins.ts';

test('are the vendor’s own by default', () => {
  expect(readOrigins(undefined)).toBe(beginiOrigins);
  expect(beginiOrigins).toEqual({ api: 'https://api.begini.co', assessment: 'https://app.psychometric.me' });
});

test('may be two servers on this machine', () => {
  expect(readOrigins('https://127.0.0.1:3001,http://127.0.0.1:3002')).toEqual({
    api: 'https://127.0.0.1:3001',
    assessment: 'http://127.0.0.1:3002',
  });
});

test.each([
  '',
  'http://127.0.0.1:3001',
  'http://127.0.0.1:1,http://127.0.0.1:2,http://127.0.0.1:3',
  'http://127.0.0.1:3001,https://evil.example',
  'https://127.0.0.1.evil.example,http://127.0.0.1:3001',
  'https://127.0.0.1@evil.example,http://127.0.0.1:3001',
  'https://evil.example#127.0.0.1,http://127.0.0.1:3001',
  'http://127.0.0.1:3001/path,http://127.0.0.1:3001',
  'http://localhost:3001,http://127.0.0.1:3001',
  'file:///etc,http://127.0.0.1:3001',
])('refuses %p', (text) => {
  expect(() => readOrigins(text)).toThrow(/local origin/);
});
