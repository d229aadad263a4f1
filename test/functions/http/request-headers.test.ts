import { expect, test } from '@jest/globals';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { requestHeaders } from '../../../functions/http/request-headers.ts';

/** The headers that a handler reads. */
function headersOf(headers: object | null, multiValueHeaders: object | null): object | null {
  const event = proxyEvent({}, { headers, multiValueHeaders } as object);
  for (const { before } of requestHeaders()) void before?.({ event } as never);
  return event.headers;
}

test.each(['Accept', 'Accept-Language', 'Content-Encoding'])('%s in several lines is one list', (name) => {
  const lines = { [name]: ['a', 'b;q=0.5'], [name.toUpperCase()]: ['c'] };
  expect(headersOf({ [name]: 'b;q=0.5', Host: 'x' }, { ...lines, Host: ['x'] })).toEqual({
    [name.toLowerCase()]: 'a, b;q=0.5, c',
    host: 'x',
  });
});

test('a header that is no list has the last of its lines, as API Gateway says', () => {
  expect(headersOf({ 'Content-Type': 'b' }, { 'Content-Type': ['a', 'b'] })).toEqual({ 'content-type': 'b' });
});

test('without lines, the headers are as they came', () => {
  expect(headersOf({ Accept: 'a' }, null)).toEqual({ accept: 'a' });
  expect(headersOf(null, null)).toBeNull();
});
