import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { buildSessionRequest, sign } from '../../../functions/begini/request.ts';

type Vector = { apiKey: string; uid: string; integrationId: string; body: string; signatureHex: string };
const { vectors } = JSON.parse(
  readFileSync(new URL('../../vectors/vendor-signatures.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] };

// The other cases of RFC 4231 have keys that are not UTF-8 text, which no API key can be.
test.each([
  {
    name: '4.2 (test case 1)',
    key: '\x0b'.repeat(20),
    message: 'Hi There',
    signatureHex:
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  },
  {
    name: '4.3 (test case 2)',
    key: 'Jefe',
    message: 'what do ya want for nothing?',
    signatureHex:
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  },
])('signs as RFC 4231 §$name', ({ key, message, signatureHex }) => {
  expect(sign(message, key)).toBe(signatureHex);
});

test.each(vectors)('signs and sends the result of the vendor’s own algorithm for $uid', (vector) => {
  const { headers, body } = buildSessionRequest(vector.uid, { ...vector }, { hmac: true });
  expect(body).toBe(vector.body);
  expect(headers['X-Signature']).toBe(vector.signatureHex);
  expect(headers['api-key']).toBe(vector.apiKey);
  expect(headers['Content-Length']).toBe(String(Buffer.byteLength(vector.body)));
});

test('omits only the signature if HMAC is off', () => {
  const credentials = { apiKey: 'k', integrationId: '1' };
  const { 'X-Signature': signature, ...others } = buildSessionRequest('ABCDE', credentials, {
    hmac: true,
  }).headers;
  expect(signature).toMatch(/^[0-9a-f]{128}$/);
  expect(buildSessionRequest('ABCDE', credentials, { hmac: false }).headers).toEqual(others);
});
