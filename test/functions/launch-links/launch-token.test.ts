import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openLaunchToken, sealLaunchToken } from '../../../functions/launch-links/launch-token.ts';

const key = { id: 'a1b2c3d4', bytes: new Uint8Array(randomBytes(32)) };
const findKey = async (id: string) => (id === key.id ? key : undefined);

const uids = fc.stringMatching(/^[A-Za-z0-9-]{5,60}$/);

test('opens to the sealed values, fits a path, and shows no uid', async () => {
  await fc.assert(
    fc.asyncProperty(uids, fc.integer({ min: 1, max: 4_000_000_000 }), async (uid, expiresAt) => {
      const token = await sealLaunchToken({ uid, expiresAt }, key);
      expect(token).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
      for (const part of token.split('.')) {
        expect(Buffer.from(part, 'base64url').includes(uid)).toBe(false);
      }
      expect(await openLaunchToken(token, findKey)).toEqual({ uid, expiresAt });
    }),
  );
});

test('contains the applicant’s language', async () => {
  const claims = { uid: 'ABCDE', expiresAt: 1, language: 'pt-BR' };
  expect(await openLaunchToken(await sealLaunchToken(claims, key), findKey)).toEqual(claims);
});

test('has at most 245 characters', async () => {
  const claims = { uid: 'a'.repeat(60), expiresAt: 9_999_999_999, language: 'zh-Hant-419' };
  expect((await sealLaunchToken(claims, key)).length).toBeLessThanOrEqual(245);
});

test('is different each time', async () => {
  const claims = { uid: 'ABCDE', expiresAt: 1 };
  expect(await sealLaunchToken(claims, key)).not.toBe(await sealLaunchToken(claims, key));
});

test('looks up no key for a text that cannot be a token', async () => {
  const asked: string[] = [];
  const refuse = async (id: string) => void asked.push(id);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w.-]{0,1100}$/)),
      async (text) => {
        await expect(openLaunchToken(text, refuse)).rejects.toMatchObject({ code: 'launch_link_invalid' });
      },
    ),
  );
  expect(asked).toEqual([]);
});

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = { alg: 'dir', enc: 'A256GCM', kid: key.id };

test.each([
  ['with another key management', encode({ ...header, alg: 'A256KW' }), 200, 0],
  ['with another encryption', encode({ ...header, enc: 'A128GCM' }), 200, 0],
  ['with a number for a key id', encode({ ...header, kid: 1 }), 200, 0],
  ['whose header is no JSON', 'AAAA', 200, 0],
  ['of 1,024 characters', encode(header), 1_024, 1],
  ['of 1,025 characters', encode(header), 1_025, 0],
])('for a text like a token, %s, looks up a key %#', async (_, protectedHeader, characters, lookups) => {
  const asked: string[] = [];
  // Base64url has parts of 2, 3 and 4 characters, not of 1 or 5.
  const rest = characters - protectedHeader.length - '....'.length;
  const ends = 4 + (rest % 4);
  const [iv, body, tag] = [ends > 6 ? 3 : 2, rest - ends, ends > 6 ? 4 : ends - 2].map((n) => 'A'.repeat(n));
  const text = `${protectedHeader}..${iv}.${body}.${tag}`;
  expect(text).toHaveLength(characters);
  await expect(openLaunchToken(text, async (id) => void asked.push(id))).rejects.toMatchObject({
    code: 'launch_link_invalid',
  });
  expect(asked).toHaveLength(lookups);
});

test.each(['.AA.AA.AAAA.AAA', '..AA.AAAA.AAA.AA', '..AA.AAAA'])(
  'looks up no key for the parts %s after a good header',
  async (parts) => {
    const asked: string[] = [];
    const opening = openLaunchToken(`${encode(header)}${parts}`, async (id) => void asked.push(id));
    await expect(opening).rejects.toMatchObject({ code: 'launch_link_invalid' });
    expect(asked).toEqual([]);
  },
);

test('passes on the error if the key cannot be read', async () => {
  const token = await sealLaunchToken({ uid: 'ABCDE', expiresAt: 1 }, key);
  const unavailable = new Error('unavailable');
  await expect(openLaunchToken(token, () => Promise.reject(unavailable))).rejects.toBe(unavailable);
});
