import { expect, test } from '@jest/globals';
import { acceptsExplicitly } from '../../../functions/http/accept.ts';

test.each([
  ['text/html', true],
  ['TEXT/HTML;q=0.8', true],
  ['application/xml, text/html;level=1', true],
  ['text/html ; q=0', false],
  ['text/html;seq=0', true],
  ['text/html;level=1;q=0.00', false],
  ['text/*', false],
  ['*/*', false],
  ['text/html5', false],
  ['', false],
  [undefined, false],
])('in %p, that text/html is named is %p', (accept, named) => {
  expect(acceptsExplicitly(accept, 'text/html')).toBe(named);
});
