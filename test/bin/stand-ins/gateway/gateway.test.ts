import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import {
  type AnsweredRequest,
  type Gateway,
  startGateway,
} from '../../../../bin/stand-ins/gateway/gateway.ts';
import type { Route } from '../../../../bin/stand-ins/gateway/gateway-routes.ts';
import { applicantPageOf } from '../../../../lib/stages/applicant-page.ts';

const applicantPage = applicantPageOf({ lenderName: 'Cash & Co. $context.stage', language: 'es' });
let gateway: Gateway;
let calls: { event: APIGatewayProxyEvent; context: Context }[] = [];
let answered: AnsweredRequest[] = [];
afterEach(() => gateway.close());

/** Starts a gateway with functions that return `result`. */
async function start(result: unknown = { statusCode: 204, body: '' }, timeoutMs = 14_000): Promise<void> {
  calls = [];
  answered = [];
  const handler: Route['handler'] = async (event, context) => {
    calls.push({ event, context });
    return typeof result === 'function' ? result() : result;
  };
  gateway = await startGateway({
    stageName: 'test',
    applicantPage,
    apiKey: 'local-loan-app',
    timeoutMs,
    routes: [
      { method: 'POST', resource: '/sessions', handler, authorization: 'api-key' },
      { method: 'GET', resource: '/launch/{token}', handler, authorization: 'none' },
    ],
    onRequest: (request) => answered.push(request),
  });
}

const ask = (path: string, options: RequestInit = {}) =>
  fetch(`${gateway.url}${path}`, { redirect: 'manual', ...options });
const post = (body?: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  ask('/sessions', {
    method: 'POST',
    headers: { 'X-Api-Key': 'local-loan-app', ...headers },
    ...(body && { body }),
  });

describe('what the function gets', () => {
  test('passes a REST proxy event to the function', async () => {
    await start();
    await post('{"uid":"ABCDE"}', { 'Content-Type': 'application/json', 'User-Agent': 'loan-app' });
    const { event } = calls[0] ?? {};
    expect(event).toMatchObject({
      resource: '/sessions',
      path: '/sessions',
      httpMethod: 'POST',
      queryStringParameters: null,
      pathParameters: null,
      body: '{"uid":"ABCDE"}',
      isBase64Encoded: false,
      requestContext: {
        domainName: new URL(gateway.url).host,
        identity: { apiKey: 'local-loan-app', sourceIp: '127.0.0.1', userAgent: 'loan-app' },
        path: '/test/sessions',
        resourcePath: '/sessions',
        stage: 'test',
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        requestTimeEpoch: expect.any(Number),
      },
    });
  });

  test('keeps header names as sent, and every value of a repeated one', async () => {
    await start();
    await new Promise((resolve) => {
      const headers = { 'X-Api-Key': 'local-loan-app', 'x-MiXed': ['one', 'two'] };
      httpRequest(`${gateway.url}/sessions`, { method: 'POST', headers }, resolve).end();
    });
    expect(calls[0]?.event.headers).toMatchObject({ 'X-Api-Key': 'local-loan-app', 'x-MiXed': 'two' });
    expect(calls[0]?.event.multiValueHeaders).toMatchObject({ 'x-MiXed': ['one', 'two'] });
  });

  test('decodes the query, and leaves path and path parameters as they were sent', async () => {
    await start();
    await ask('/launch/a%20b%2Ec%2?x=1&x=2&y=%C3%A9');
    expect(calls[0]?.event).toMatchObject({
      path: '/launch/a%20b%2Ec%2',
      pathParameters: { token: 'a%20b%2Ec%2' },
      queryStringParameters: { x: '2', y: 'é' },
      multiValueQueryStringParameters: { x: ['1', '2'], y: ['é'] },
    });
  });

  test('finds the route of a path with a slash at its end, which stays in the path only', async () => {
    await start();
    await ask('/launch/a.b/');
    expect(calls[0]?.event).toMatchObject({ path: '/launch/a.b/', pathParameters: { token: 'a.b' } });
    expect((await fetch(`${gateway.url}/sessions/`, { method: 'POST' })).status).toBe(403);
    expect(answered.at(-1)).toMatchObject({ resourcePath: '/sessions' });
  });

  test('passes an absent body as null, and a context with the remaining time', async () => {
    await start();
    await post();
    const { event, context } = calls[0] ?? {};
    expect(event?.body).toBeNull();
    expect(context?.awsRequestId).not.toBe(event?.requestContext.requestId);
    expect(context?.getRemainingTimeInMillis()).toBeLessThanOrEqual(14_000);
  });
});

describe('what the function answers', () => {
  test("answers as the function's result says", async () => {
    await start({
      statusCode: 302,
      headers: { Location: 'https://elsewhere.example/', 'X-One': 'a', 'X-Count': 1 },
      multiValueHeaders: { 'X-One': ['a', 'b'] },
      body: '',
    });
    const answer = await post();
    expect(answer.status).toBe(302);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      location: 'https://elsewhere.example/',
      'x-one': 'a, b',
      'x-count': '1',
      'content-length': '0',
      'content-type': 'application/json',
    });
  });

  test('decodes a base64 body', async () => {
    const body = Buffer.from('<p>é</p>').toString('base64');
    await start({ statusCode: 200, headers: { 'content-type': 'text/html' }, body, isBase64Encoded: true });
    const answer = await ask('/launch/token');
    expect(answer.headers.get('content-type')).toBe('text/html');
    expect(await answer.text()).toBe('<p>é</p>');
  });
});

describe('what the gateway answers itself', () => {
  test.each([
    ['an unknown path', 'POST', '/unknown'],
    ['a method that is not declared', 'GET', '/sessions'],
    ['HEAD, if only GET is declared', 'HEAD', '/launch/token'],
    ['an empty path parameter', 'GET', '/launch/'],
    ['a longer path', 'GET', '/launch/token/more'],
    ['two slashes at the end', 'GET', '/launch/token//'],
    ['the root of the stage', 'GET', ''],
  ])('refuses %s without calling the function', async (_, method, path) => {
    await start();
    expect((await ask(path, { method })).status).toBe(403);
    expect(calls).toEqual([]);
    expect(answered).toEqual([expect.objectContaining({ method, resourcePath: undefined, statusCode: 403 })]);
  });

  test.each([
    ['text/html, application/json', 'text/html'],
    ['TEXT/HTML;q=0.5,*/*', 'text/html'],
    ['application/json, text/html', 'application/json'],
    ['*/*', 'application/json'],
  ])(
    'picks the template of its own answer by the first media type of Accept: %s',
    async (accept, expected) => {
      await start();
      const answer = await ask('/unknown', { headers: { Accept: accept } });
      expect(answer.headers.get('content-type')).toBe(expected);
    },
  );

  test.each<Record<string, string>>([{ 'X-Api-Key': 'wrong' }, { 'X-Api-Key': '' }])(
    'refuses the API key of %o without asking the function',
    async (headers) => {
      await start();
      const answer = await post('{}', headers);
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ detail: 'The API key is missing or not valid.' });
      expect(calls).toEqual([]);
    },
  );

  test('refuses a body of more than 10 MB in words of AWS, without calling the function', async () => {
    await start();
    const answer = await post(new Uint8Array(10 * 1024 * 1024 + 1));
    expect(answer.status).toBe(413);
    expect(await answer.text()).toBe('HTTP content length exceeded 10485760 bytes.');
    expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(calls).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['throws', () => Promise.reject(new Error('secret detail'))],
    ['returns nothing', null],
    ['returns no status', { body: '' }],
    ['returns a status as text', { statusCode: '200', body: '' }],
    ['returns a body that is not text', { statusCode: 200, body: {} }],
    ['returns a header with a line break', { statusCode: 200, headers: { 'X-A': 'a\r\nX-B: b' }, body: '' }],
  ])('answers 502 when the function %s', async (_, result) => {
    await start(result);
    const answer = await post('{}');
    expect(answer.status).toBe(502);
    const problem = await answer.text();
    expect(JSON.parse(problem)).toMatchObject({ code: 'internal_error' });
    expect(problem).not.toContain('secret detail');
  });

  test('answers 502 when the function runs out of time', async () => {
    await start(() => new Promise(() => {}), 1);
    expect((await post('{}')).status).toBe(502);
  });

  test('reports each answer by its resource, never by its path', async () => {
    await start();
    await ask('/launch/a-token');
    expect(answered).toEqual([
      {
        method: 'GET',
        resourcePath: '/launch/{token}',
        statusCode: 204,
        durationMs: expect.any(Number),
        requestId: calls[0]?.event.requestContext.requestId,
      },
    ]);
  });

  test('gives its own answers as a page to a browser', async () => {
    await start();
    const response = await ask('/nowhere', { headers: { Accept: 'text/html,*/*;q=0.8' } });
    expect([response.status, response.headers.get('content-type')]).toEqual([403, 'text/html']);
    expect(response.headers.get('x-request-id')).toBe(answered[0]?.requestId);
    const html = await response.text();
    expect(html).toContain(`<code dir="ltr">${answered[0]?.requestId}</code>`);
    expect(html).toContain('<bdi>Cash &#38; Co. &#36;context.stage</bdi>');
    expect(html).toContain('<html lang="es"');
  });

  test.each([
    ['no stage', 'POST', '/sessions'],
    ['another stage', 'POST', '/production/sessions'],
    ['a longer name', 'POST', '/tests/sessions'],
    ['the root', 'GET', '/'],
  ])('refuses a path of %s as API Gateway does without any stage', async (_, method, path) => {
    await start();
    const response = await fetch(new URL(path, gateway.url), { method, headers: { Accept: 'text/html' } });
    expect([response.status, await response.text()]).toEqual([403, '{"message":"Forbidden"}']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-amzn-errortype': 'ForbiddenException',
      'x-amzn-requestid': answered[0]?.requestId,
    });
    expect(answered).toEqual([expect.objectContaining({ method, resourcePath: undefined, statusCode: 403 })]);
    expect(calls).toEqual([]);
  });

  test('leaves exactly the methods and paths of other listeners to them', async () => {
    gateway = await startGateway({
      stageName: 'test',
      applicantPage,
      routes: [],
      besides: { 'GET /': async (request, response) => void response.end(`beside: ${request.url}`) },
    });
    const { origin } = new URL(gateway.url);
    for (const path of ['/', '/?a=b']) {
      expect(await (await fetch(origin + path)).text()).toBe(`beside: ${path}`);
    }
    for (const [method, path] of [
      ['POST', '/'],
      ['GET', '//'],
      ['GET', '/a'],
      ['GET', '/test'],
    ] as const) {
      expect((await fetch(origin + path, { method })).status).toBe(403);
    }
  });
});
