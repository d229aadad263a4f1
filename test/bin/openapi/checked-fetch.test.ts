import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { exampleSession } from '../../../bin/openapi/components.ts';
import { startGateway } from '../../../bin/stand-ins/gateway/gateway.ts';
import { declareRoutes, type Route } from '../../../bin/stand-ins/gateway/gateway-routes.ts';
import { problems } from '../../../functions/errors.ts';
import { problemBody } from '../../../functions/http/responses.ts';
import { securityHeaders } from '../../../functions/http/security-headers.ts';
import { applicantPageOf } from '../../../lib/stages/applicant-page.ts';
import { type Answer, checkedFetch, faultsOf } from '../../support/checked-fetch.ts';

const requestId = '0a1b2c3d-0000-4000-8000-000000000000';
const commonHeaders = {
  ...Object.fromEntries(Object.entries(securityHeaders).map(([name, value]) => [name.toLowerCase(), value])),
  'x-request-id': requestId,
};

/** An answer of `POST /sessions`. */
const answer = (status: number, headers: object, body: unknown): Answer => ({
  method: 'POST',
  path: '/sessions',
  status,
  headers: { ...commonHeaders, ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const jsonType = { 'content-type': 'application/json' };
const problemType = { 'content-type': 'application/problem+json' };
const busy = problemBody({ code: 'vendor_busy', ...problems.vendor_busy }, requestId);
const redirect = answer(302, { ...jsonType, location: exampleSession.url }, '');
const created = answer(201, jsonType, exampleSession);
const problem = answer(503, { ...problemType, 'retry-after': '30' }, busy);

describe('the check of every answer', () => {
  test.each([
    ['a redirect', redirect],
    ['a session', created],
    ['a problem', problem],
  ])('passes %s', (_, good) => {
    expect(faultsOf(good)).toEqual([]);
  });

  test.each<[string, Answer, RegExp]>([
    ['an unknown status', { ...created, status: 200 }, /no status 200/],
    ['a missing header', { ...redirect, headers: commonHeaders }, /location is missing/],
    [
      'a header of another value',
      { ...created, headers: { ...created.headers, 'cache-control': 'public' } },
      /cache-control must be equal/,
    ],
    [
      'a header that nobody knows',
      { ...created, headers: { ...created.headers, server: 'x' } },
      /server is not documented/,
    ],
    ['a body that should be absent', { ...redirect, body: '{}' }, /there is a body/],
    ['another media type', answer(201, problemType, exampleSession), /media type/],
    ['a body that is not JSON', answer(201, jsonType, '<p>'), /is no JSON/],
    ['a missing property', answer(201, jsonType, { ...exampleSession, url: undefined }), /'url'/],
    ['an unknown property', answer(201, jsonType, { ...exampleSession, uid: 'x' }), /unevaluated/],
    [
      'a value of another form',
      answer(201, jsonType, { ...exampleSession, expires_at: 'soon' }),
      /expires_at must match format/,
    ],
    [
      'a problem of another call',
      answer(
        422,
        problemType,
        problemBody({ code: 'invalid_language', ...problems.invalid_language }, requestId),
      ),
      /none of the examples/,
    ],
    [
      'a problem in other words',
      { ...problem, body: JSON.stringify({ ...busy, detail: 'Call again.' }) },
      /none of the examples/,
    ],
    [
      'a problem of another request',
      { ...problem, body: JSON.stringify({ ...busy, instance: 'x' }) },
      /not the request id/,
    ],
    [
      'a Retry-After of no second',
      { ...problem, headers: { ...problem.headers, 'retry-after': '0' } },
      /retry-after must be >= 1/,
    ],
  ])('finds %s', (_, bad, fault) => {
    const faults = faultsOf(bad);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });
});

test('no test of the functions calls them without this check', () => {
  const folder = join(import.meta.dirname, '..', '..', 'functions');
  const past = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => /\bfetch\(/.test(readFileSync(join(folder, file), 'utf8')));
  expect(past).toEqual([]);
});

describe('API Gateway’s own answers', () => {
  type Handler = Route['handler'];
  const defect: Handler = () => Promise.reject(new Error());

  /** Calls a gateway in front of functions that all behave the same. */
  async function call(
    path: string,
    init: RequestInit,
    { handler = defect, callerAuth = 'api-key' as 'api-key' | 'iam' } = {},
  ): Promise<number> {
    const gateway = await startGateway({
      stageName: 'test',
      apiKey: 'local-loan-app',
      applicantPage: applicantPageOf({}),
      routes: declareRoutes(() => handler, callerAuth),
    });
    try {
      return (await checkedFetch(gateway.url + path, init)).status;
    } finally {
      await gateway.close();
    }
  }

  const method = 'POST';
  const headers = { 'x-api-key': 'local-loan-app' };

  test.each<[string, string, RequestInit, number]>([
    ['an unknown path', '/nowhere', {}, 403],
    ['an undeclared method', '/sessions', { method: 'PUT' }, 403],
    ['a missing API key', '/sessions', { method }, 403],
    ['a function that fails', '/sessions', { method, headers }, 502],
    ['a function that fails an applicant', '/launch/token', { method }, 502],
  ])('are in the contract: %s', async (_, path, init, status) => {
    for (const accept of ['*/*', 'text/html']) {
      expect(await call(path, { ...init, headers: { ...init.headers, accept } })).toBe(status);
    }
  });

  test.each<Record<string, string>>([{}, { 'x-api-key': 'local-loan-app' }, { authorization: 'Basic x' }])(
    'are in the contract where a stage asks for a signature and gets %o',
    async (unsigned) => {
      expect(await call('/sessions', { method, headers: unsigned }, { callerAuth: 'iam' })).toBe(403);
    },
  );

  test('are nothing else: an undocumented answer of a function fails its test', async () => {
    const handler: Handler = async () => ({ statusCode: 202 });
    await expect(call('/sessions', { method, headers }, { handler })).rejects.toThrow('no status 202');
  });
});
