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

test('passes on the error if the key cannot be read', async () => {
  const token = await sealLaunchToken({ uid: 'ABCDE', expiresAt: 1 }, key);
  const unavailable = new Error('unavailable');
  await expect(openLaunchToken(token, () => Promise.reject(unavailable))).rejects.toBe(unavailable);
});
