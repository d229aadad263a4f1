import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { type LocalService, startLocalService } from '../../../../bin/local/local-service.ts';
import { checkSignature, type SignedRequest } from '../../../../bin/stand-ins/gateway/check-signature.ts';
import {
  createIamCredentials,
  type IamCredentials,
} from '../../../../bin/stand-ins/gateway/iam-credentials.ts';
import { checkedFetch } from '../../../support/checked-fetch.ts';

const uid = 'ABCDE-12345';
const good = createIamCredentials('us-east-1');
const path = '/test/sessions';
const body = JSON.stringify({ uid });

const signerWith = (identity: Partial<IamCredentials>, service = 'execute-api') => {
  const { region, ...credentials } = { ...good, ...identity };
  return new SignatureV4({ credentials, region, service, sha256: Sha256 });
};

/** What may differ from a valid call. */
type Signing = Partial<IamCredentials> & {
  service?: string;
  signingDate?: Date;
  path?: string;
  query?: Record<string, string | string[]>;
  headers?: Record<string, string>;
};

/** A session call, signed by AWS's own signer. */
async function sign(signing: Signing = {}): Promise<SignedRequest> {
  const {
    service,
    signingDate = new Date(),
    path: url = path,
    query = {},
    headers: more,
    ...identity
  } = signing;
  const { headers } = await signerWith(identity, service).sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname: '',
      path: url,
      query,
      headers: { host: '127.0.0.1:3000', 'content-type': 'application/json', ...more },
      body,
    },
    { signingDate },
  );
  return { method: 'POST', url, headers: Object.entries(headers), body: Buffer.from(body) };
}

/** A call that is signed with the header `Date`, which AWS's own signer never does: step by step as in the IAM User Guide. */
async function signWithDate(signingDate: Date): Promise<SignedRequest> {
  const date = signingDate.toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = { date, host: '127.0.0.1:3000', 'x-amz-security-token': good.sessionToken };
  const signedHeaders = Object.keys(headers).join(';');
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`);
  const canonical = ['POST', path, '', ...lines, '', signedHeaders, hash(body)].join('\n');
  const scope = `${date.slice(0, 8)}/${good.region}/execute-api/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, hash(canonical)].join('\n');
  const signature = await signerWith(good).sign(toSign, { signingDate });
  const authorization = `AWS4-HMAC-SHA256 Credential=${good.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return {
    method: 'POST',
    url: path,
    headers: Object.entries({ ...headers, authorization }),
    body: Buffer.from(body),
  };
}

const withHeader = (request: SignedRequest, name: string, change: (value: string) => string) => ({
  ...request,
  headers: request.headers.map(([each, value]) => [each, each === name ? change(value) : value] as const),
});

/** Another second of the same minute. */
const anotherSecond = (date: string) => date.replace(/\d(?=Z)/, (digit) => (digit === '0' ? '1' : '0'));

const minutes = (count: number) => new Date(Date.now() + count * 60_000);

describe('a request that AWS’s own signer signed', () => {
  test.each([path, '/test/a%20b', '/test/%E1%88%B4/(x)*!', '/test//a/../b/'])(
    'is accepted: %s',
    async (url) => {
      expect(await checkSignature(await sign({ path: url }), good)).toBeUndefined();
    },
  );

  test('is accepted with headers that it does not sign', async () => {
    const request = await sign();
    const headers = [...request.headers, ['X-Extra', '1'] as const, ['Traceparent', '00-1-2-3'] as const];
    expect(await checkSignature({ ...request, headers }, good)).toBeUndefined();
  });

  test('is accepted with a query, as it is sent', async () => {
    const request = await sign({ query: { b: ['2 3', '1+1'], a: '', 'c/d': 'é' } });
    const url = `${request.url}?c%2Fd=%C3%A9&b=1+1&a&b=2%203`;
    expect(await checkSignature({ ...request, url }, good)).toBeUndefined();
  });

  test('is accepted with a header that is sent in two lines, and one in UTF-8', async () => {
    const request = await sign({ headers: { accept: 'a/b,c/d', 'x-name': 'É  1' } });
    const headers = request.headers
      .filter(([name]) => name !== 'accept' && name !== 'x-name')
      .concat([
        ['Accept', ' a/b'],
        ['X-Name', Buffer.from('É 1').toString('latin1')],
        ['accept', 'c/d '],
      ]);
    expect(await checkSignature({ ...request, headers }, good)).toBeUndefined();
  });

  test.each<[string, Signing, string]>([
    ['with another secret', { secretAccessKey: 'another' }, 'INVALID_SIGNATURE'],
    ['for another region', { region: 'eu-west-1' }, 'INVALID_SIGNATURE'],
    ['for another service', { service: 'lambda' }, 'INVALID_SIGNATURE'],
    ['six minutes ago', { signingDate: minutes(-6) }, 'INVALID_SIGNATURE'],
    ['six minutes ahead', { signingDate: minutes(6) }, 'INVALID_SIGNATURE'],
    ['by an unknown access key', { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, 'DEFAULT_4XX'],
    ['without the session token', { sessionToken: '' }, 'DEFAULT_4XX'],
    ['with another session token', { sessionToken: 'another' }, 'DEFAULT_4XX'],
  ])('is refused if it was signed %s', async (_, signing, fault) => {
    expect(await checkSignature(await sign(signing), good)).toBe(fault);
  });

  test.each<[string, (request: SignedRequest) => SignedRequest]>([
    ['body', (request) => ({ ...request, body: Buffer.from('{"uid":"OTHER-1"}') })],
    ['path', (request) => ({ ...request, url: '/test/launch-links' })],
    ['stage', (request) => ({ ...request, url: '/production/sessions' })],
    ['query', (request) => ({ ...request, url: `${request.url}?a=1` })],
    ['method', (request) => ({ ...request, method: 'PUT' })],
    ['host', (request) => withHeader(request, 'host', () => 'localhost:3000')],
    ['date', (request) => withHeader(request, 'x-amz-date', anotherSecond)],
  ])('is refused if its %s was changed afterwards', async (_, change) => {
    const changed = change(await sign({ signingDate: minutes(-1) }));
    expect(await checkSignature(changed, good)).toBe('INVALID_SIGNATURE');
  });

  test('is accepted with Date in place of X-Amz-Date, and not if Date is changed or not signed', async () => {
    const request = await signWithDate(new Date());
    expect(await checkSignature(request, good)).toBeUndefined();
    for (const changed of [
      withHeader(request, 'date', anotherSecond),
      withHeader(request, 'authorization', (value) => value.replace('date;', '')),
    ]) {
      expect(await checkSignature(changed, good)).toBe('INVALID_SIGNATURE');
    }
  });

  test('is refused with an x-amz- header that is not signed', async () => {
    const request = await sign();
    const headers = [...request.headers, ['X-Amz-Extra', '1'] as const];
    expect(await checkSignature({ ...request, headers }, good)).toBe('INVALID_SIGNATURE');
  });

  test.each<[string, (value: string) => string, string]>([
    ['of another scheme', () => 'Bearer abc', 'DEFAULT_4XX'],
    ['of one word', () => 'garbled', 'DEFAULT_4XX'],
    ['of another algorithm', (value) => value.replace('AWS4', 'AWS5'), 'DEFAULT_4XX'],
    ['without parameters', () => 'AWS4-HMAC-SHA256', 'DEFAULT_4XX'],
    ['without a signature', (value) => value.replace(/, Signature=.*/, ''), 'DEFAULT_4XX'],
    ['with a parameter that has no value', (value) => value.replace(', ', ', x, '), 'DEFAULT_4XX'],
    [
      'with a credential of two parts',
      (value) => value.replace(/\/\w+-\w+-\d.*?_request/, ''),
      'DEFAULT_4XX',
    ],
    ['that does not sign the host', (value) => value.replace(';host', ''), 'INVALID_SIGNATURE'],
    [
      'with its headers in another order',
      (value) => value.replace('content-type;host', 'host;content-type'),
      'INVALID_SIGNATURE',
    ],
    [
      'with another terminator',
      (value) => value.replace('aws4_request', 'aws5_request'),
      'INVALID_SIGNATURE',
    ],
    ['with half of its signature', (value) => value.slice(0, -32), 'INVALID_SIGNATURE'],
    ['that is empty', () => '', 'MISSING_AUTHENTICATION_TOKEN'],
  ])('is refused with an Authorization %s', async (_, change, fault) => {
    const request = withHeader(await sign(), 'authorization', change);
    expect(await checkSignature(request, good)).toBe(fault);
  });

  test.each(['', 'yesterday', '20261399T000000Z', '2026-11-27T18:00:00Z'])(
    'is refused with the date "%s"',
    async (date) => {
      const request = withHeader(await sign(), 'x-amz-date', () => date);
      expect(await checkSignature(request, good)).toBe('DEFAULT_4XX');
    },
  );

  test('is refused if the gateway knows no credentials', async () => {
    expect(await checkSignature(await sign(), undefined)).toBe('DEFAULT_4XX');
  });
});

test('refuses anything else, and never throws', async () => {
  const { headers, ...request } = await sign();
  const authorization = headers.find(([name]) => name === 'authorization')?.[1] ?? '';
  const timestamp = headers.find(([name]) => name === 'x-amz-date')?.[1] ?? '';
  const piece = fc.oneof(
    fc.constantFrom(...authorization.split(/(?<=[ ,=/;])/), ',', '=', '/', ';', ' '),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''));
  const others = headers.filter(([name]) => name !== 'authorization' && name !== 'x-amz-date');
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(text, fc.constant(timestamp), text),
      fc.tuple(fc.constant(authorization), text, text),
      async (...attempts) => {
        for (const [auth, date, url] of attempts) {
          const changed = [...others, ['authorization', auth], ['x-amz-date', date]] as [string, string][];
          expect(await checkSignature({ ...request, url, headers: changed }, good)).toBeDefined();
        }
      },
    ),
    { numRuns: 100 },
  );
});

describe('the service on this machine, with IAM', () => {
  let service: LocalService;
  const outcomes: (string | undefined)[] = [];
  beforeAll(async () => {
    service = await startLocalService(0, {
      callerAuth: 'iam',
      onRequest: ({ outcome }) => outcomes.push(outcome),
    });
  });
  afterAll(() => service.close());

  test.each<[string, Signing, object, string]>([
    [
      'a wrong signature',
      { secretAccessKey: 'another' },
      { code: 'forbidden', detail: "The request's signature is not valid." },
      'INVALID_SIGNATURE',
    ],
    // AWS gives this no specific type: DEFAULT_4XX has no status.
    [
      'an unknown access key',
      { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' },
      { code: 'bad_request' },
      'DEFAULT_4XX',
    ],
  ])(
    'answers %s as API Gateway does, and says its type, and asks no function',
    async (_, signing, problem, type) => {
      const { host, origin } = new URL(service.gateway.url);
      const { url, headers, ...init } = await sign({ ...service.credentials, ...signing, headers: { host } });
      const answer = await checkedFetch(origin + url, { ...init, headers: Object.fromEntries(headers) });
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject(problem);
      expect(outcomes.at(-1)).toBe(type);
      expect(service.vendor.requests).toEqual([]);
    },
  );

  test('needs no signature from the applicant’s browser', async () => {
    const answer = await checkedFetch(`${service.gateway.url}/launch/broken`);
    expect(await answer.json()).toMatchObject({ code: 'launch_link_invalid' });
  });

  test('accepts calls of the demo’s own backend, which signs them', async () => {
    const { origin } = new URL(service.gateway.url);
    const answer = await fetch(`${origin}/start`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin },
      body: new URLSearchParams({ uid: 'DEMO-00001' }),
    });
    expect(answer.status).toBe(302);
  });

  test('has other credentials at each start', () => {
    const other = createIamCredentials('us-east-1');
    expect(other.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    for (const name of ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const) {
      expect(other[name]).not.toBe(good[name]);
    }
  });
});
