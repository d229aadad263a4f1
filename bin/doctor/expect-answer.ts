import { gatewayResponses } from '../../lib/api/gateway-responses.ts';
import { type Answer, type Call, codeOf, differencesOf, parseObject } from '../openapi/check-answer.ts';
import { callStage, type StageRequest, type Wait } from './call-stage.ts';
import type { Found } from './findings.ts';

/** What a call must get. The OpenAPI document has the rest. */
export type Expected = Call & {
  statuses: readonly number[];
  /** The problem's stable codes, one of which it must have; absent if the answer is no problem. */
  codes?: readonly string[];
};

/** As programs and browsers send it; empty leaves the header out. */
const accepts = [
  '',
  '*/*',
  'application/json',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
];

/** API Gateway's ids are UUIDs ("$context.requestId", developer guide, read November 2026), and Lambda's are, too. */
const requestIdForm = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** All refusals have one code, but words of their own. */
const denial = gatewayResponses.find(({ type }) => type === 'ACCESS_DENIED');

/** Makes a request with this header Accept, or without one. */
export type Prepare = (accept: Record<string, string>) => StageRequest | Promise<StageRequest>;

/** Sends a request with each kind of Accept, and compares the answers with the contract. */
export async function expectAnswers(prepare: Prepare, expected: Expected, wait?: Wait): Promise<Found> {
  for (const accept of accepts) {
    const answer = await callStage(await prepare(accept === '' ? {} : { accept }), { wait });
    const fault = faultOf(answer, expected, accept);
    if (fault) return fault;
  }
  return { code: 'as_documented', expected: expected.statuses.map(String) };
}

/** Opens a page as a browser does. @returns in what it differs from the contract; `undefined` if it does not */
export async function openPage(url: string, path: string, wait?: Wait): Promise<Found | undefined> {
  const answer = await callStage({ method: 'GET', url, headers: { accept: 'text/html' } }, { wait });
  return faultOf(answer, { method: 'GET', path, statuses: [200] });
}

/** In what an answer differs from the contract; `undefined` if it does not. */
export function faultOf(answer: Answer, expected: Expected, accept?: string): Found | undefined {
  const { status, headers } = answer;
  const shown = accept === undefined ? {} : { accept };
  if (!expected.statuses.includes(status)) return { ...otherAnswer(answer, expected.statuses), ...shown };
  const isPage = String(headers['content-type']).startsWith('text/html');
  const differences = differencesOf(expected, answer);
  const requestId = headers['x-request-id'];
  if (requestId !== undefined && !requestIdForm.test(String(requestId))) {
    differences.push('the header x-request-id is no UUID');
  }
  if (isPage && accept === 'application/json') differences.push('an HTML page, although JSON was asked for');
  if (differences.length > 0) return { code: 'answer_differs', ...shown, differences };
  if (!expected.codes) return undefined;
  if (isPage) {
    const isExpected = accept?.includes('text/html');
    return isExpected ? undefined : { code: 'page_for_program', accept: accept ?? '' };
  }
  if (expected.codes.includes(codeOf(answer) ?? '')) return undefined;
  return { ...otherAnswer(answer, expected.codes), ...shown };
}

/** An answer with another status or code than one of `expected`. */
export function otherAnswer(answer: Answer, expected: readonly (number | string)[]): Found {
  const { status } = answer;
  if (status === 429) return { code: 'throttled' };
  const problem = codeOf(answer);
  const accessDenied = parseObject(answer.body)?.detail === denial?.detail;
  return {
    code: 'other_answer',
    status,
    ...(problem && { problem }),
    ...(accessDenied && { accessDenied }),
    expected: expected.map(String),
  };
}
