import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeBase62, encodeBase62 } from '../../../functions/launch-links/base62.ts';
import { openLaunchToken, sealLaunchToken } from '../../../functions/launch-links/launch-token.ts';
import {
  endsOfLinks,
  launchKeyOf,
  launchVectors,
  linkedTexts,
  oldLaunchVectors,
} from '../../support/launch-vectors.ts';

const { keys, tokens, refused } = launchVectors;
const key = launchKeyOf('a1b2c3d4');

/** Opens a text, and counts the key ids that were looked up. */
async function open(text: string) {
  const lookups: string[] = [];
  const claims = await openLaunchToken(text, async (id) => {
    lookups.push(id);
    return id in keys ? launchKeyOf(id) : undefined;
  }).catch(({ code }) => code);
  return { claims, lookups };
}
const invalid = 'launch_link_invalid';

const uids = fc.stringMatching(/^[A-Za-z0-9-]{5,60}$/);
const languages = fc.option(fc.constantFrom('es', 'pt-BR', 'zh-Hant-419'), { nil: undefined });
const anyClaims = fc
  .record({ uid: uids, expiresAt: fc.integer({ min: 0, max: 2 ** 32 - 1 }), language: languages })
  .map(({ language, ...claims }) => ({ ...claims, ...(language && { language }) }));
const letterOrDigit = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz');
const lettersAndDigits = fc.string({ unit: letterOrDigit, maxLength: 300 });

// Version 1.1.0 opens these tokens, so it opens what this version makes: the two may run at the same time.
test.each(tokens)('opens a token of other code, and makes the same one: $claims', async (vector) => {
  const { keyId, ivHex, claims, token } = vector;
  expect((await open(token)).claims).toEqual(claims);
  expect(sealLaunchToken(claims, launchKeyOf(keyId), Buffer.from(ivHex, 'hex'))).toBe(token);
});

test.each(refused)('refuses a token of other code with $what', async ({ token }) => {
  expect((await open(token)).claims).toBe(invalid);
});

test('opens to any uid, expiry and language, and consists of letters and digits', async () => {
  await fc.assert(
    fc.asyncProperty(anyClaims, async (claims) => {
      const token = sealLaunchToken(claims, key);
      expect(token).toMatch(/^[0-9A-Za-z]{56,146}$/);
      expect(decodeBase62(token)?.includes(claims.uid)).toBe(false);
      expect(await open(token)).toEqual({ claims, lookups: [key.id] });
    }),
  );
});

test('is different each time', () => {
  const claims = { uid: 'ABCDE', expiresAt: 1 };
  expect(sealLaunchToken(claims, key)).not.toBe(sealLaunchToken(claims, key));
});

test('is refused with letters and digits changed, removed or added anywhere', async () => {
  const changes = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.nat(3),
    added: fc.string({ unit: letterOrDigit, maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(anyClaims, changes, async (claims, { at, removed, added }) => {
      const token = sealLaunchToken(claims, key);
      const index = Math.floor(at * token.length);
      const changed = token.slice(0, index) + added + token.slice(index + removed);
      if (changed !== token) expect((await open(changed)).claims).toBe(invalid);
      if (token.toUpperCase() !== token) expect((await open(token.toUpperCase())).claims).toBe(invalid);
    }),
  );
});

test('no two texts of letters and digits are the same bytes', () => {
  fc.assert(
    fc.property(lettersAndDigits, (text) => {
      const bytes = decodeBase62(text);
      if (bytes) expect(encodeBase62(bytes)).toBe(text);
      if (text !== '') expect(decodeBase62(`0${text}`)).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      const frame = Buffer.concat([Buffer.of(1), bytes]);
      expect(decodeBase62(encodeBase62(frame))).toEqual(frame);
    }),
  );
});

test.each([...endsOfLinks, '/'].flatMap((end) => [end, encodeURIComponent(end)]))(
  'opens with %j behind it',
  async (end) => {
    const claims = { uid: 'ABCDE-12345A', expiresAt: 1 };
    for (const text of [end, `${end}${end}`, `${end}%`, `${end}%E2%8`]) {
      // Before encodeURIComponent, some of these are letters and digits.
      expect(text).not.toMatch(/^[0-9A-Za-z]/);
      expect((await open(sealLaunchToken(claims, key) + text)).claims).toEqual(claims);
    }
  },
);

describe.each(linkedTexts.programs)('in a text that $program makes a link of', (program) => {
  test.each(Object.entries(program.found))('is opened: %s', async (_text, found) => {
    // One of them makes no link of a text between two underscores.
    if (found !== null) expect((await open(found)).claims).toEqual(tokens[0]?.claims);
  });

  test('is never cut', () => {
    expect([program.cutOf1000.new, program.cutNeighbours]).toEqual([0, 0]);
  });
});

test('the old form was cut, so these texts can show it', async () => {
  const { foundOfOldForm = '' } = linkedTexts.programs.find(({ program }) => /^anchorme/.test(program)) ?? {};
  expect((await open(foundOfOldForm)).claims).toBe(invalid);
});

test('looks up no key for a text that cannot be a token', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w.-]{0,1100}$/)),
      async (text) => {
        expect(await open(text)).toEqual({ claims: invalid, lookups: [] });
      },
    ),
  );
});

test('is decrypted only if it has at most 256 characters', async () => {
  const frameOf = (bytes: number) =>
    encodeBase62(Buffer.concat([Buffer.of(1), Buffer.alloc(bytes - 1, 0xff)]));
  expect([frameOf(191).length, frameOf(192).length]).toEqual([256, 257]);
  expect((await open(frameOf(191))).lookups).toEqual(['ffffffff']);
  expect((await open(frameOf(192))).lookups).toEqual([]);
  expect((await open('z'.repeat(10_000))).lookups).toEqual([]);
});

test.each(['a1b2c3dg', 'new-key1', 'a1b2c3d', ''])('is not made with a key whose id is %p', (id) => {
  const unusable = { code: 'secrets_unavailable', cause: { name: 'UnusableLaunchKey' } };
  expect(() => sealLaunchToken({ uid: 'ABCDE', expiresAt: 1 }, { ...key, id })).toThrow(
    expect.objectContaining({ ...unusable, cause: expect.objectContaining(unusable.cause) }),
  );
});

test('is opened with a key whose id is in upper case', async () => {
  const claims = { uid: 'ABCDE', expiresAt: 1 };
  const token = sealLaunchToken(claims, { ...key, id: key.id.toUpperCase() });
  expect(await open(token)).toEqual({ claims, lookups: [key.id] });
});

describe('a token of version 1.0.0', () => {
  test.each(oldLaunchVectors.tokens)('is opened: $claims', async ({ keyId, claims, token }) => {
    expect(await open(token)).toEqual({ claims, lookups: [keyId] });
    for (const text of [`${token}.`, `${token}...`, `${token}%2E`, token.replaceAll('.', '%2e')]) {
      expect((await open(text)).claims).toEqual(claims);
    }
  });

  test.each(oldLaunchVectors.refused)('is refused with $what', async ({ token }) => {
    expect((await open(token)).claims).toBe(invalid);
  });

  const [{ token = '' } = {}] = oldLaunchVectors.tokens;
  const parts = token.split('.');
  const withPart = (index: number, part: string) => parts.with(index, part).join('.');

  test('is refused with any character changed, removed or added', async () => {
    for (const [index, character] of [...token].entries()) {
      const [before, after] = [token.slice(0, index), token.slice(index + 1)];
      for (const changed of [character === 'A' ? 'B' : 'A', '', `${character}A`, '-', '.']) {
        const text = before + changed + after;
        if (text !== token) expect([index, (await open(text)).claims]).toEqual([index, invalid]);
      }
    }
  });

  test('is refused with another last character in any part: no two texts have the same content', async () => {
    for (const [index, part] of parts.entries()) {
      for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=') {
        if (part.endsWith(character)) continue;
        expect((await open(withPart(index, part.slice(0, -1) + character))).claims).toBe(invalid);
      }
    }
  });

  test.each([
    ...parts.map((_, index) => parts.toSpliced(index, 1)),
    ...parts.map((_, index) => parts.toSpliced(index, 0, 'AAAA')),
    ...parts.map((part, index) => parts.with(index, `${part}${part}A`)),
  ])('causes no look-up with the parts %s . %s . %s . %s', async (...changed) => {
    const { claims, lookups } = await open(changed.join('.'));
    expect(claims).toBe(invalid);
    // Only the ciphertext can have another length.
    expect(lookups.length).toBeLessThanOrEqual(changed.length === parts.length ? 1 : 0);
  });

  test('causes no look-up with more than 1,024 characters', async () => {
    const ofLength = (length: number) => withPart(3, 'A'.repeat(length - withPart(3, '').length));
    // A part of base64url has 2, 3 or 4 characters more than a multiple of 4.
    const long = [1_021, 1_022, 1_023, 1_024].map(ofLength);
    expect((await Promise.all(long.map(open))).flatMap(({ lookups }) => lookups)).toContain(key.id);
    for (const length of [1_025, 1_026, 1_027]) expect((await open(ofLength(length))).lookups).toEqual([]);
  });
});
