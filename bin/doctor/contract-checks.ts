import { randomUUID } from 'node:crypto';
import { reasonOf } from '../../functions/errors.ts';
import { runbookArticles, runbookFile } from '../../lib/monitoring/runbook.ts';
import type { Authenticate } from './authenticate.ts';
import { type Answer, callStage } from './call-stage.ts';
import { type Check, ok, type Result, toDo, wrong } from './check.ts';
import type { Edge } from './edge-checks.ts';
import { answerDiffers, codeOf, expectAnswers, faultOf, propertyOf } from './expect-answer.ts';

/** The stage, as a loan app meets it. */
export type Contract = Edge & {
  authenticate: Authenticate;
  /** AWS WAF refuses bodies of more than 8 KiB before the function sees them. */
  firewall: boolean;
  resume: boolean;
  /** What the caller must be allowed to do; absent on this machine. */
  action?: string;
};

/** API Gateway's limit is 10 MB, by which AWS means 10 MiB. */
const tooManyBytes = 10 * 1024 * 1024 + 1024;
const uploadTimeoutMs = 15_000;

const refusedAsCaller =
  'Run the doctor from an address in allowedSourceIps; else look at API Gateway → API keys and Usage plans.';

/** What a loan app sends, and what it must get; the content type is JSON where none is given. */
type Refusal = {
  name: string;
  body: string;
  contentType?: string;
  status: number | number[];
  codes: string[];
};

/** What the stage answers a loan app. None of these calls reaches Begini. */
export function contractChecks(contract: Contract): Check[] {
  const tooLarge = contract.firewall
    ? { status: [413, 403], codes: ['body_too_large', 'forbidden'] }
    : { status: 413, codes: ['body_too_large'] };
  const refusals: Refusal[] = [
    { name: 'a bad uid is refused', body: '{"uid":"?"}', status: 422, codes: ['invalid_uid'] },
    {
      name: 'a body that is not labelled JSON is refused',
      body: '{"uid":"?"}',
      contentType: 'text/plain',
      status: 415,
      codes: ['unsupported_media_type'],
    },
    { name: 'a body of 5 KiB is refused', body: ofBytes(5120), status: 413, codes: ['body_too_large'] },
    { name: 'a body of 9 KiB is refused', body: ofBytes(9216), ...tooLarge },
  ];
  return [
    ...refusals.map(({ name, body, contentType, ...expected }) =>
      checkOf(contract, name, () =>
        expectAnswers(
          (accept) => contract.authenticate(post(contract, '/sessions', body, accept, contentType)),
          { ...expected, page: true },
          contract.commands,
        ),
      ),
    ),
    checkOf(contract, 'a body of more than 10 MB is refused', () => sendTooMuch(contract)),
    ...(contract.launchLinks
      ? [checkOf(contract, 'a launch link opens its page', () => openLink(contract))]
      : []),
  ];
}

/** API Gateway's own words, which nobody can change: the status alone counts, and a slow upload is no fault. */
async function sendTooMuch(contract: Contract): Promise<Result> {
  const request = post(contract, '/sessions', ofBytes(tooManyBytes), {});
  let answer: Answer;
  try {
    answer = await callStage(await contract.authenticate(request), uploadTimeoutMs);
  } catch (error) {
    return { status: 'not checked', found: `no answer to such an upload: ${reasonOf(error)}` };
  }
  const allowed = contract.firewall ? [413, 403] : [413];
  if (allowed.includes(answer.status)) return ok(`${answer.status}, before the function sees it`);
  return wrong(`status ${answer.status}, not ${allowed.join(' or ')}`, answerDiffers(contract.commands));
}

/** Creates one session at Begini, under a uid that no applicant has. */
export function handOffCheck(contract: Contract): Check {
  return checkOf(contract, 'an applicant is handed over', () => handOver(contract));
}

/** Makes a launch link, which asks nothing of Begini, and opens it. */
async function openLink(contract: Contract): Promise<Result> {
  const made = await ask(contract, '/launch-links', { uid: probeUid(), expires_in: 60 });
  if (made.status !== 201) return explainRefusal(made, contract);
  const link = propertyOf(made, 'url');
  if (typeof link !== 'string' || !URL.canParse(link))
    return wrong('the answer has no link', answerDiffers(contract.commands));
  const page = await callStage({ method: 'GET', url: link, headers: { accept: 'text/html' } });
  const fault = faultOf(page, { status: 200 });
  return fault
    ? wrong(fault, answerDiffers(contract.commands))
    : ok('the link of a loan app shows the page with its button');
}

async function handOver(contract: Contract): Promise<Result> {
  const uid = probeUid();
  const first = await ask(contract, '/sessions', { uid });
  if (first.status !== 201) return explainRefusal(first, contract);
  const url = propertyOf(first, 'url');
  if (typeof url !== 'string' || !URL.canParse(url))
    return wrong('the answer has no URL', answerDiffers(contract.commands));
  if (!contract.resume) return ok('Begini created a session');
  const second = await ask(contract, '/sessions', { uid });
  if (second.status !== 201) return explainRefusal(second, contract);
  if (propertyOf(second, 'url') === url && propertyOf(second, 'resumed') === true) {
    return ok('Begini created a session, and a second request got the same one');
  }
  return wrong(
    'a second request for the same uid got another session',
    `Read "${runbookArticles.storeUnavailable.heading}" in ${runbookFile}, and the lines on the store below.`,
  );
}

function explainRefusal(answer: Answer, { commands: { rotate } }: Contract): Result {
  const code = codeOf(answer);
  const found = `status ${answer.status} ${code ?? ''}`.trim();
  if (code === 'credentials_not_set') return toDo(found, `Put the pair in: ${rotate}`);
  if (code === 'credentials_refused') {
    return wrong(found, `Compare the pair with Begini's Deployment Centre, then put it in again: ${rotate}`);
  }
  const reference = String(answer.headers['x-request-id']).slice(0, 36);
  return wrong(
    found,
    `Look the code up in functions/README.md, "Errors". The log line of the request ${reference} has the reason.`,
  );
}

function checkOf({ action }: Contract, name: string, run: () => Promise<Result>): Check {
  const check = { group: 'contract', name, ...(action && { action }) } as const;
  return {
    ...check,
    async run() {
      const result = await run();
      const isRefused = result.found.includes('status 403 forbidden');
      if (!isRefused) return result;
      // API Gateway does not say whether the caller's policy or its address is the reason.
      if (action === 'execute-api:Invoke')
        return { status: 'not checked', found: `${action}, or an address in allowedSourceIps` };
      return { ...result, next: refusedAsCaller };
    },
  };
}

async function ask(contract: Contract, path: string, body: object): Promise<Answer> {
  const request = post(contract, path, JSON.stringify(body), { accept: 'application/json' });
  return await callStage(await contract.authenticate(request));
}

function post(
  { baseUrl }: Edge,
  path: string,
  body: string,
  accept: Record<string, string>,
  contentType = 'application/json',
) {
  const headers = { 'content-type': contentType, ...accept };
  return { method: 'POST', url: `${baseUrl}${path}`, headers, body };
}

/** Begini's results for it can be told from applicants' by the prefix. */
const probeUid = () => `DOCTOR${randomUUID().replaceAll('-', '').slice(0, 20)}`;

const ofBytes = (size: number) => JSON.stringify({ uid: 'x'.repeat(size - '{"uid":""}'.length) });
