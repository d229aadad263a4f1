import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { problems } from '../../../functions/errors.ts';
import { routes } from '../../../lib/api/routes.ts';
import { proxyEvent } from '../../../lib/local/proxy-event.ts';
import { type Service, startService } from '../../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const functions = [...new Set(routes.map((route) => route.function))];
const whole = { ...proxyEvent({ uid: 'a' }), pathParameters: { token: 'not-ours' } };

/** What API Gateway never sends, or only to a function that is set up wrongly. */
const events: unknown[] = [
  undefined,
  null,
  5,
  'text',
  [],
  {},
  { ...whole, body: undefined },
  { ...whole, body: 5 },
  { ...whole, body: {} },
  { ...whole, headers: undefined },
  { ...whole, headers: null },
  { ...whole, headers: 5 },
  { ...whole, headers: { Accept: 5, 'Content-Type': 7 } },
  { ...whole, headers: { accept: ['text/html'] } },
  { ...whole, httpMethod: 5, resource: null },
  { ...whole, pathParameters: null },
  { ...whole, pathParameters: { token: 5 } },
  { ...whole, requestContext: undefined },
  { ...whole, requestContext: 'text' },
  { ...whole, requestContext: { requestId: 5, requestTimeEpoch: 'soon' } },
  { ...whole, isBase64Encoded: 'yes', body: '\u0000' },
];

describe.each(functions)('%s', (name) => {
  test.each(events.map((event) => [JSON.stringify(event)?.slice(0, 90) ?? 'undefined', event]))(
    'answers %s with an error of the contract, and writes one line',
    async (_text, event) => {
      const linesBefore = service.lines.length;
      const response = await service.invoke(name, event);
      const { type, code, status } = JSON.parse(response.body);
      expect(problems).toHaveProperty(code);
      expect([type, status]).toEqual([`urn:begini-session:${code}`, response.statusCode]);
      expect(problems[code]?.statusCode).toBe(status);
      const lines = service.lines.slice(linesBefore).map((line) => JSON.parse(line));
      expect(lines).toEqual([expect.objectContaining({ message: 'request', code, statusCode: status })]);
    },
  );
});
