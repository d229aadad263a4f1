import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openSession, sealSession, sessionKey } from '../../../functions/session-store/sealed-session.ts';

const pair = { apiKey: 'simulated-api-key-7f3a9c', integrationId: 'simulated-integration-1' };
const key = sessionKey('ABCDE-12345', pair.integrationId, 'key-of-the-pseudonyms');
const session = {
  accessToken: 'a.b.c',
  expiresAtSeconds: 1_795_341_600,
  endsAtSeconds: 1_795_341_600,
};

// Both were made with Python's hmac module and the AESGCM class of its package cryptography.
const keyVector = '1a78ca54439a16611eb417d3eeb62ec6039510ce7c8e9d7348195ccc3d5831bf';
const sealedVector =
  'AAECAwQFBgcICQoLmIFKG9WYwkwBb9SE23HX3QnyIau/mflFkehPLpsdc1zruKpGyRpsoQiwmteFN7vJpiRLzdK5q8yPblIcgoHodXNlxzvHrC5CIDBJcY/SmRc4tMVY4Dv0BLviosp9cLoS';

test('the table’s key is HMAC-SHA-256 over integration id and uid', () => {
  expect(key).toBe(keyVector);
});

test('opens a session that another implementation sealed', () => {
  expect(openSession(Buffer.from(sealedVector, 'base64'), pair, key)).toEqual(session);
});

test('opens its own sealed sessions, and seals differently each time', () => {
  const sealed = sealSession(session, pair, key);
  expect(openSession(sealed, pair, key)).toEqual(session);
  expect(sealSession(session, pair, key)).not.toEqual(sealed);
});

test('shows neither the token nor a key', () => {
  const sealed = Buffer.from(sealSession(session, pair, key)).toString('latin1');
  for (const secret of [session.accessToken, pair.apiKey, pair.integrationId]) {
    expect(sealed).not.toContain(secret);
  }
});

test.each([
  ['another applicant', pair, sessionKey('ABCDE-12346', pair.integrationId, 'key-of-the-pseudonyms')],
  ['another API key', { ...pair, apiKey: 'another' }, key],
  ['another integration', { ...pair, integrationId: 'another' }, key],
])('does not open with %s', (_, otherPair, otherKey) => {
  expect(openSession(sealSession(session, pair, key), otherPair, otherKey)).toBeUndefined();
});

test('does not open if any byte was changed, or any part is missing', () => {
  const sealed = sealSession(session, pair, key);
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
      const changed = Uint8Array.from(sealed, (byte, at) => (at === index ? byte ^ mask : byte));
      expect(openSession(changed, pair, key)).toBeUndefined();
      expect(openSession(sealed.subarray(0, index), pair, key)).toBeUndefined();
    }),
  );
});
