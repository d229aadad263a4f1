import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { VendorResponse } from '../../../functions/begini/client.ts';
import { judgeResponse } from '../../../functions/begini/response.ts';
import { ServiceError } from '../../../functions/errors.ts';

const uid = 'ABCDE-12345';
const integrationId = '1234567890987654321';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims: unknown) => `${encode({ alg: 'HS256' })}.${encode(claims)}.c2lnbmF0dXJl`;
const answer = (body: unknown, statusCode = 200): VendorResponse => ({
  statusCode,
  retryAfter: undefined,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const judge = (vendorAnswer: VendorResponse) => judgeResponse(vendorAnswer, uid, integrationId);

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** The code of the error that `judgeResponse` throws, and its `Retry-After`. */
function judgement(vendorAnswer: VendorResponse): { code: string; retryAfterSeconds: number | undefined } {
  try {
    judge(vendorAnswer);
  } catch (error) {
    if (error instanceof ServiceError)
      return { code: error.code, retryAfterSeconds: error.retryAfterSeconds };
    throw error;
  }
  return { code: 'accepted', retryAfterSeconds: undefined };
}

test('reads the token and its expiry from the documented answer, and ignores the url', () => {
  const accessToken = token({ uid, integration_id: integrationId, company_id: '7', exp: 4_000_000_000 });
  expect(judge(answer({ access_token: accessToken, url: 'https://evil.example' }))).toEqual({
    accessToken,
    expiresAtSeconds: 4_000_000_000,
    isExpiryAbsurd: false,
  });
});

test.each([201, 202, 299])('accepts a token with status %d', (statusCode) => {
  expect(judge(answer({ access_token: token({ uid }) }, statusCode)).accessToken).toBe(token({ uid }));
});

test.each([
  [401, 'credentials_refused'],
  [403, 'credentials_refused'],
  [422, 'rejected_by_vendor'],
  [429, 'vendor_busy'],
  [400, 'vendor_error'],
  [404, 'vendor_error'],
  [0, 'vendor_error'],
  [199, 'vendor_error'],
  [301, 'vendor_error'],
  [302, 'vendor_error'],
  [500, 'vendor_error'],
  [503, 'vendor_error'],
])('judges status %d as %s, regardless of the body', (statusCode, code) => {
  expect(judgement(answer({ access_token: token({ uid }) }, statusCode)).code).toBe(code);
});

test.each([
  ['7', 7],
  ['0', 1],
  ['999999999999999999999', 86_400],
  ['soon', 30],
  ['-5', 1],
  ['Sat, 01 Jan 2050', 86_400],
  ['2050-01-01T00:00:00Z', 86_400],
  [undefined, 30],
])('answers a busy vendor’s Retry-After %p with %d seconds', (retryAfter, seconds) => {
  expect(judgement({ ...answer('', 429), retryAfter }).retryAfterSeconds).toBe(seconds);
});

test('passes on whole seconds, from 1 to a day, for any Retry-After of a busy vendor', () => {
  const anyRetryAfter = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.double().map(String),
    fc.stringMatching(/^\d{1,400}$/),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    fc.integer({ min: -5_000, max: 90_000_000 }).map((ms) => new Date(Date.now() + ms).toISOString()),
  );
  fc.assert(
    fc.property(anyRetryAfter, (retryAfter) => {
      const { retryAfterSeconds = Number.NaN } = judgement({ ...answer('', 429), retryAfter });
      expect(Number.isInteger(retryAfterSeconds)).toBe(true);
      expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
      expect(retryAfterSeconds).toBeLessThanOrEqual(86_400);
    }),
  );
});

test('sends a caller back at the date of a busy vendor, never before it', () => {
  const aheadMs = fc.integer({ min: 1, max: 80_000_000 });
  fc.assert(
    fc.property(aheadMs, (ms) => {
      const date = new Date(Date.now() + ms);
      date.setMilliseconds(0);
      const { retryAfterSeconds = 0 } = judgement({ ...answer('', 429), retryAfter: date.toUTCString() });
      expect(Date.now() + retryAfterSeconds * 1_000).toBeGreaterThanOrEqual(date.getTime());
      expect(retryAfterSeconds).toBeLessThanOrEqual(Math.ceil(ms / 1_000));
    }),
  );
});

test.each([
  ['no JSON', '<html>'],
  ['nothing', ''],
  ['null', 'null'],
  ['an array', '[]'],
  ['a string', '"token"'],
  ['no token', { url: 'x' }],
  ['a number for a token', { access_token: 5 }],
  ['an empty token', { access_token: '' }],
  ['a token of two parts', { access_token: 'a.b' }],
  ['a token of four parts', { access_token: 'a.b.c.d' }],
  ['a token with an empty part', { access_token: 'a..c' }],
  ['a token with CR and LF', { access_token: 'a.b.c\r\nSet-Cookie: x=1' }],
  ['a token with a line break at its end', { access_token: 'a.b.c\n' }],
  ['a token that leaves the origin', { access_token: '//evil.example/a.b.c' }],
  ['a token with a path', { access_token: '../a.b.c' }],
  ['a token with a query', { access_token: 'a.b.c?next=evil' }],
  ['a token with a fragment', { access_token: 'a.b.c#x' }],
  ['a token with a space', { access_token: 'a.b. c' }],
  ['a token of 4,097 characters', { access_token: `a.${'b'.repeat(4_093)}.c` }],
  ['another applicant’s uid', { access_token: token({ uid: 'ABCDE-12346' }) }],
  ['a uid of another type', { access_token: token({ uid: 12345 }) }],
  ['another integration', { access_token: token({ uid, integration_id: '1234567890987654322' }) }],
])('refuses an answer with %s', (_, body) => {
  expect(judgement(answer(body)).code).toBe('vendor_response_invalid');
});

test('refuses a token with any other uid or integration id than ours, of any type, null too', () => {
  fc.assert(
    fc.property(fc.constantFrom('uid', 'integration_id'), fc.jsonValue({ maxDepth: 1 }), (name, other) => {
      const body = { access_token: token({ uid, integration_id: integrationId, [name]: other }) };
      expect(judgement(answer(body)).code).toBe('vendor_response_invalid');
    }),
    {
      examples: [
        ['uid', null],
        ['integration_id', null],
      ],
    },
  );
});

test('accepts a token of exactly 4,096 characters', () => {
  expect(judge(answer({ access_token: `a.${'b'.repeat(4_092)}.c` })).accessToken).toHaveLength(4_096);
});

test.each([
  ['is missing', {}],
  ['is 1e300', { exp: 1e300 }],
  ['is 0', { exp: 0 }],
  ['is negative', { exp: -1 }],
  ['is text', { exp: '1795341600' }],
  ['is null', { exp: null }],
  ['lies after the year 9999', { exp: 253_402_300_800 }],
  ['is a time from now', { exp: 86_400 }],
  ['has passed', { exp: nowSeconds() - 1 }],
  ['counts from 2001', { exp: nowSeconds() - 978_307_200 }],
  ['is in milliseconds', { exp: Date.now() + 86_400_000 }],
])('gives no expiry if the token’s exp %s, and says so if it has one', (_, claims: { exp?: unknown }) => {
  const { expiresAtSeconds, isExpiryAbsurd } = judge(answer({ access_token: token({ uid, ...claims }) }));
  expect([expiresAtSeconds, isExpiryAbsurd]).toEqual([null, (claims.exp ?? null) !== null]);
});

test.each([nowSeconds() + 100, 253_402_300_799])('gives the expiry of a token whose exp is %d', (exp) => {
  expect(judge(answer({ access_token: token({ uid, exp }) })).expiresAtSeconds).toBe(exp);
});

test('gives no expiry for a token with unreadable content', () => {
  expect(judge(answer({ access_token: 'abc.not-json.def' })).expiresAtSeconds).toBeNull();
});
