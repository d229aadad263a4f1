import { expect, test } from '@jest/globals';
import { parseBody } from '../../../functions/create-session/parse-body.ts';

const uid = 'ABCDE-12345';

test.each([1, true, {}])('refuses the integration_id %j before anything is read', (integrationId) => {
  expect(() => parseBody({ uid, integration_id: integrationId })).toThrow('integration_mismatch');
});

test('accepts no character in a uid but the ASCII letters, digits and the hyphen', () => {
  const isAccepted = (character: string) => {
    try {
      return parseBody({ uid: `ABCD${character}` }).uid.endsWith(character);
    } catch {
      return false;
    }
  };
  const all = Array.from({ length: 0x1_0000 }, (_, unit) => String.fromCharCode(unit));
  const accepted = [...'-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];
  expect(all.filter(isAccepted)).toEqual(accepted);
});
