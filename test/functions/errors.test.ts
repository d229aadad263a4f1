import { expect, test } from '@jest/globals';
import { CallerError, OperatorError, problems, reasonOf, VendorError } from '../../functions/errors.ts';

test.each(Object.entries(problems))('%s says what happened, in a title and whole sentences', (_, problem) => {
  expect(problem.title).toMatch(/^[A-Z][\w ]+$/);
  expect(problem.detail).toMatch(/^["A-Z].{20,}\.$/);
  expect(problem.statusCode).toBeGreaterThanOrEqual(400);
});

const operatorCodes = [
  'credentials_not_set',
  'credentials_refused',
  'secrets_unavailable',
  'internal_error',
] as const;

test.each(operatorCodes)('%s tells the operator what to do', (code) => {
  expect(new OperatorError(code).action).toMatch(/^[A-Z].{20,}\.$/);
});

test.each([
  ['CallerError', new CallerError('invalid_uid')],
  ['VendorError', new VendorError('vendor_busy')],
  ['OperatorError', new OperatorError('internal_error')],
])('a %s is told apart by its name, and has its code for a message', (name, error) => {
  expect(error).toMatchObject({ name, message: error.code });
});

test.each([
  ['the code of a system error', Object.assign(new Error('secret'), { code: 'ECONNRESET' }), 'ECONNRESET'],
  ['the name of another', Object.assign(new Error('secret'), { name: 'Denied' }), 'Denied'],
  ['the name, if its code is no text', Object.assign(new TypeError('secret'), { code: 5 }), 'TypeError'],
  ['nothing, if it has neither', { message: 'secret' }, ''],
  ['nothing of text', 'secret', ''],
  ['nothing of null', null, ''],
  ['nothing of undefined', undefined, ''],
])('the reason of an error is %s', (_, error, reason) => {
  expect(reasonOf(error)).toBe(reason);
});
