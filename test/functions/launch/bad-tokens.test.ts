import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CompactEncrypt, SignJWT } from 'jose';
import type { Service } from '../../support/service.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { checkedFetch } = await import('../../support/checked-fetch.ts');
const { launchKeyName, startService } = await import('../../support/service.ts');
afterAll(() => time.restore());

const uid = 'QWERT-67890-XY';
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
let service: Service;
let base: string;
let token: string;

beforeAll(async () => {
  service = await startService();
  const link = await service.makeLink(uid);
  base = link.slice(0, link.lastIndexOf('/') + 1);
  token = link.slice(base.length);
});
afterAll(() => service.close());

const bodies = new Set<string>();

/** Asks for the page and presses the button, as a browser and as a program; each answer must be like all others. */
async function expectRefused(pathSegment: string): Promise<void> {
  for (const accept of ['text/html', '*/*']) {
    for (const method of ['GET', 'POST']) {
      const response = await checkedFetch(base + pathSegment, { method, headers: { Accept: accept } });
      expect([pathSegment, response.status]).toEqual([pathSegment, 403]);
      const requestId = response.headers.get('x-request-id') ?? '';
      const body = (await response.text()).replace(requestId, '').replace(requestId.slice(0, 8), '');
      bodies.add(JSON.stringify({ body, type: response.headers.get('content-type') }));
    }
  }
}

const partsOf = () => token.split('.');
const withPart = (index: number, change: (part: string) => string) =>
  partsOf()
    .map((part, at) => (at === index ? change(part) : part))
    .join('.');

test('the link itself is good', async () => {
  expect((await checkedFetch(base + token)).status).toBe(200);
});

test('refuses a token that is cut at any length', async () => {
  for (let length = 1; length < token.length; length += 1) await expectRefused(token.slice(0, length));
});

test('refuses a token with any character changed', async () => {
  for (const [index, character] of [...token].entries()) {
    const other = character === 'A' ? 'B' : 'A';
    await expectRefused(token.slice(0, index) + other + token.slice(index + 1));
  }
});

test('refuses a token with another last character in any part', async () => {
  for (const [index, part] of partsOf().entries()) {
    for (const character of alphabet) {
      if (part.endsWith(character)) continue;
      await expectRefused(withPart(index, (text) => text.slice(0, -1) + character));
    }
  }
});

test('refuses a token with a part doubled, emptied, padded, added or removed', async () => {
  for (const index of partsOf().keys()) {
    if (index !== 1) await expectRefused(withPart(index, (part) => part + part));
    if (index !== 1) await expectRefused(withPart(index, () => ''));
    await expectRefused(withPart(index, (part) => `${part}=`));
    await expectRefused(partsOf().toSpliced(index, 1).join('.'));
    await expectRefused(partsOf().toSpliced(index, 0, 'AAAA').join('.'));
  }
});

test.each(['%20', '%0A', '%0D%0A', '%09', '%00', '%C2%A0', '+', '.', '!', '%2F'])(
  'refuses a token with %s before, after or inside it',
  async (noise) => {
    await expectRefused(noise + token);
    await expectRefused(token + noise);
    for (const index of partsOf().keys()) await expectRefused(withPart(index, (part) => part + noise));
  },
);

test('accepts a token that is percent-encoded once, which is the same URL, and refuses it encoded twice', async () => {
  const encoded = token.replaceAll('.', '%2E');
  expect((await checkedFetch(base + encoded)).status).toBe(200);
  await expectRefused(encoded.replaceAll('%', '%25'));
  await expectRefused(token.replaceAll('.', '%252E'));
});

test('refuses a token of 4 kB, and any other text', async () => {
  await expectRefused('A'.repeat(4_096));
  await expectRefused(`${token}${'A'.repeat(4_096)}`);
  await expectRefused(`A..A.${'A'.repeat(1_019)}.A`);
  for (const text of ['x', 'null', 'undefined', '....', 'e30..e30.e30.e30', '%7B%7D', '%F0%9F%98%80', '%'])
    await expectRefused(text);
});

test('refuses the token of another stage', async () => {
  const other = await startService();
  try {
    await expectRefused((await other.makeLink(uid)).split('/').at(-1) ?? '');
  } finally {
    await other.close();
  }
});

test('refuses other algorithms, and an unknown key id or key', async () => {
  const { kid } = JSON.parse(Buffer.from(partsOf()[0] ?? '', 'base64url').toString());
  const claims = new TextEncoder().encode(JSON.stringify({ sub: uid, exp: 4_000_000_000 }));
  const encrypt = (alg: string, enc: string, key: Uint8Array, id: unknown = kid) =>
    new CompactEncrypt(claims)
      .setProtectedHeader({ alg, enc, ...(id !== undefined && { kid: id as string }) })
      .encrypt(key);
  await expectRefused(await encrypt('dir', 'A256GCM', randomBytes(32)));
  await expectRefused(await encrypt('dir', 'A256GCM', randomBytes(32), '00000000'));
  await expectRefused(await encrypt('dir', 'A256GCM', randomBytes(32), 4711));
  await expectRefused(await encrypt('dir', 'A256GCM', randomBytes(32), '__proto__'));
  await expectRefused(await encrypt('dir', 'A128GCM', randomBytes(16)));
  await expectRefused(await encrypt('dir', 'A128CBC-HS256', randomBytes(32)));
  await expectRefused(await encrypt('A256KW', 'A256GCM', randomBytes(32)));
  await expectRefused(await encrypt('A256GCMKW', 'A256GCM', randomBytes(32)));
  await expectRefused(await encrypt('PBES2-HS256+A128KW', 'A256GCM', randomBytes(32)));
  const jwt = new SignJWT({ sub: uid }).setProtectedHeader({ alg: 'HS256', kid }).setExpirationTime('1h');
  await expectRefused(await jwt.sign(randomBytes(32)));
});

test.each(['', '/', '/x'])(
  'API Gateway itself refuses a path with %p at its end and a doubled slash',
  async (end) => {
    expect((await checkedFetch(`${base}/${token}${end}`)).status).toBe(403);
    expect(end === '' || (await checkedFetch(`${base}${token}${end}`)).status === 403).toBe(true);
  },
);

// The last test of this file: it checks all the others.
test('no answer showed which part was wrong, and no token reached the vendor or a log line', () => {
  expect(bodies.size).toBe(2);
  expect(service.vendor.connections).toBe(0);
  const log = service.lines.join('');
  for (const secret of [uid, token, ...partsOf().slice(2), launchKeyName]) expect(log).not.toContain(secret);
  expect(service.lines.length).toBeGreaterThan(1_000);
});
