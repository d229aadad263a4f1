import { securityHeaders } from '../../functions/http/security-headers.ts';
import { type Answer, callStage, type StageRequest } from './call-stage.ts';
import { type Commands, ok, type Result, toDo, wrong } from './check.ts';

/** What the contract says of an answer. */
export type Expected = {
  status: number | readonly number[];
  /** The problem's stable codes, one of which it must have; absent where the answer is no problem. */
  codes?: readonly string[];
  /** Where a browser asks, a page is the right answer. */
  page?: boolean;
};

/** As programs and browsers send it; `undefined` leaves the header out. */
const accepts = [
  undefined,
  '*/*',
  'application/json',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
];

const htmlForProgram = 'an HTML page where the caller did not ask for one';
/** API Gateway's ids are UUIDs ("$context.requestId", developer guide, read November 2026), and Lambda's are, too. */
const requestIdForm = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** What to do about an answer that is not the contract's. */
export const answerDiffers = ({ deploy }: Commands): string =>
  `Look for a proxy or a CDN before the stage that rewrites answers. Without one, deploy again: ${deploy}`;

/** Sends a request with each kind of Accept, and compares the answers with the contract. */
export async function expectAnswers(
  prepare: (accept: Record<string, string>) => StageRequest | Promise<StageRequest>,
  expected: Expected,
  commands: Commands,
): Promise<Result> {
  for (const accept of accepts) {
    const answer = await callStage(await prepare(accept === undefined ? {} : { accept }));
    const fault = faultOf(answer, expected, accept);
    const shown = accept === undefined ? 'without Accept' : `with Accept: ${accept.split(',')[0]}`;
    if (fault === htmlForProgram && !accept?.includes('json')) {
      return toDo(
        `${shown}, ${fault}`,
        'API Gateway chose this template. Have each loan app send "Accept: application/json".',
      );
    }
    if (fault) return wrong(`${shown}, ${fault}`, answerDiffers(commands));
  }
  return ok(`${[expected.status].flat().join(' or ')}, as the contract says, for each kind of Accept`);
}

/** In what an answer differs from the contract; `undefined` where it does not. Quotes nothing but codes and names. */
export function faultOf(answer: Answer, expected: Expected, accept?: string): string | undefined {
  const { status, headers } = answer;
  if (![expected.status].flat().includes(status)) {
    return `${`status ${status} ${codeOf(answer) ?? ''}`.trim()}, not ${[expected.status].flat().join(' or ')}`;
  }
  const missing = Object.entries(securityHeaders)
    .filter(([name, value]) => headers[name.toLowerCase()] !== value)
    .map(([name]) => name)
    .concat(requestIdForm.test(String(headers['x-request-id'])) ? [] : ['x-request-id']);
  if (missing.length > 0) return `missing or changed headers: ${missing.join(', ')}`;
  if (!expected.codes) return undefined;
  const isPage = headers['content-type']?.startsWith('text/html') ?? false;
  if (isPage) return accept?.includes('text/html') && expected.page ? undefined : htmlForProgram;
  const code = codeOf(answer);
  if (propertyOf(answer, 'instance') !== headers['x-request-id']) return 'its instance is not its request id';
  return expected.codes.includes(code ?? '')
    ? undefined
    : `code ${code ?? 'none'}, not ${expected.codes.join(' or ')}`;
}

/** The stable code of a problem; `undefined` where the body has none. */
export function codeOf(answer: Answer): string | undefined {
  const code = propertyOf(answer, 'code');
  return typeof code === 'string' && /^[a-z_]{1,40}$/.test(code) ? code : undefined;
}

/** A property of a JSON body; `undefined` where there is none. */
export function propertyOf({ body }: Answer, name: string): unknown {
  try {
    return (JSON.parse(body) as Record<string, unknown> | null)?.[name];
  } catch {
    return undefined;
  }
}
