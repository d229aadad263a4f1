import { randomUUID } from 'node:crypto';
import { reasonOf } from '../../functions/errors.ts';
import { type Answer, parseObject } from '../openapi/check-answer.ts';
import type { Authenticate } from './authenticate.ts';
import { callStage } from './call-stage.ts';
import type { Check } from './check.ts';
import type { Edge } from './edge-checks.ts';
import { expectAnswers, faultOf, openPage, otherAnswer } from './expect-answer.ts';
import type { Found } from './findings.ts';

/** The stage, as a loan app meets it. */
export type Contract = Edge & {
  authenticate: Authenticate;
  /** AWS WAF refuses bodies of more than 8 KiB before the function sees them. */
  firewall: boolean;
  resume: boolean;
  /** Whether loan apps may call from some addresses only. */
  limitsAddresses?: boolean;
  /** What the caller must be allowed to do; absent on this machine. */
  action?: string;
  /** What AWS must have for it, such as an API key. */
  resource?: string;
};

/** API Gateway's limit is 10 MB, by which AWS means 10 MiB. */
const tooManyBytes = 10 * 1024 * 1024 + 1024;
const uploadTimeoutMs = 15_000;

const sessions = { method: 'POST', path: '/sessions' };
const launchLinks = { method: 'POST', path: '/launch-links' };

/** What the stage answers a loan app. None of these calls reaches Begini. */
export function contractChecks(contract: Contract): Check[] {
  const tooLarge = contract.firewall
    ? { statuses: [413, 403], codes: ['body_too_large', 'forbidden'] }
    : { statuses: [413], codes: ['body_too_large'] };
  const refusals = [
    { name: 'a bad uid is refused', body: '{"uid":"?"}', statuses: [422], codes: ['invalid_uid'] },
    {
      name: 'a body that is not labelled JSON is refused',
      body: '{"uid":"?"}',
      contentType: 'text/plain',
      statuses: [415],
      codes: ['unsupported_media_type'],
    },
    { name: 'a body of 5 KiB is refused', body: ofBytes(5120), statuses: [413], codes: ['body_too_large'] },
    { name: 'a body of 9 KiB is refused', body: ofBytes(9216), ...tooLarge },
  ];
  return [
    ...refusals.map(({ name, body, contentType, ...expected }) =>
      checkOf(contract, name, () =>
        expectAnswers(
          (accept) => contract.authenticate(post(contract, '/sessions', body, accept, contentType)),
          { ...sessions, ...expected },
          contract.wait,
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
async function sendTooMuch(contract: Contract): Promise<Found> {
  const request = post(contract, '/sessions', ofBytes(tooManyBytes), {});
  const authenticated = await contract.authenticate(request);
  let answer: Answer;
  try {
    answer = await callStage(authenticated, { timeoutMs: uploadTimeoutMs, wait: contract.wait });
  } catch (error) {
    return { code: 'upload_unanswered', reason: reasonOf(error) };
  }
  const allowed = contract.firewall ? [413, 403] : [413];
  if (!allowed.includes(answer.status)) return otherAnswer(answer, allowed);
  return { code: 'upload_refused', status: answer.status };
}

/** Creates one session at Begini, under a uid that no applicant has. */
export function handOffCheck(contract: Contract): Check {
  return checkOf(contract, 'an applicant is handed over', () => handOver(contract));
}

/** Makes a launch link, which asks nothing of Begini, and opens it. */
async function openLink(contract: Contract): Promise<Found> {
  const made = await ask(contract, launchLinks, { uid: probeUid(), expires_in: 60 });
  if ('code' in made) return made;
  // The path of the link is a credential, which must not be shown.
  return (await openPage(String(made.url), '/launch/token', contract.wait)) ?? { code: 'link_opens' };
}

async function handOver(contract: Contract): Promise<Found> {
  const uid = probeUid();
  const first = await ask(contract, sessions, { uid });
  if ('code' in first) return first;
  if (!contract.resume) return { code: 'session_created' };
  const second = await ask(contract, sessions, { uid });
  if ('code' in second) return second;
  const isSame = second.url === first.url && second.resumed === true;
  return { code: isSame ? 'session_resumed' : 'session_not_resumed' };
}

/** A session or a link as JSON, as in the contract; or what was found in its place. */
async function ask(
  contract: Contract,
  call: typeof sessions,
  body: object,
): Promise<{ url: unknown; resumed?: unknown } | Found> {
  const request = post(contract, call.path, JSON.stringify(body), { accept: 'application/json' });
  const answer = await callStage(await contract.authenticate(request), { wait: contract.wait });
  if (answer.status !== 201) return explainFailure(answer);
  const fault = faultOf(answer, { ...call, statuses: [201] });
  const { url, resumed } = parseObject(answer.body) ?? {};
  return fault ?? { url, resumed };
}

function explainFailure(answer: Answer): Found {
  const other = otherAnswer(answer, [201]);
  if (other.code !== 'other_answer' || isForbidden(other)) return other;
  const { problem } = other;
  if (!problem) return other;
  if (problem === 'credentials_not_set' || problem === 'credentials_refused') return { code: problem };
  const requestId = String(answer.headers['x-request-id']).slice(0, 36);
  return { ...other, code: 'service_failed', requestId };
}

const isForbidden = ({ status, problem }: { status: number; problem?: string }) =>
  status === 403 && problem === 'forbidden';

function checkOf(
  { action, resource, limitsAddresses }: Contract,
  name: string,
  run: () => Promise<Found>,
): Check {
  return {
    group: 'contract',
    name,
    ...(action && { action }),
    ...(resource && { resource }),
    async run() {
      const found = await run();
      if (found.code !== 'other_answer' || !isForbidden(found)) return found;
      if (action === 'execute-api:Invoke') return { code: 'caller_not_allowed', action };
      return limitsAddresses && found.accessDenied
        ? { code: 'address_not_allowed' }
        : { ...found, code: 'caller_refused' };
    },
  };
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
