import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '../../functions/errors.ts';
import { type Check, type Result, wrong } from './check.ts';

/** What a check found, with the check's name and group. */
export type Finding = Pick<Check, 'group' | 'name'> & Result;

/** The time for one check, and for all of them. */
export type Limits = { checkTimeoutMs: number; totalTimeoutMs: number };

/** With what comes before the checks, a run ends within two minutes. */
const defaults: Limits = { checkTimeoutMs: 20_000, totalTimeoutMs: 80_000 };

/** What the services of AWS call a refusal. */
export const denials: readonly string[] = [
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'AuthorizationErrorException',
  'ForbiddenException',
  'UnauthorizedException',
];

/** Runs the checks one after the other, and tells of each as it ends. Never rejects for a check that fails. */
export async function runChecks(
  checks: readonly Check[],
  onFinding: (finding: Finding) => void,
  { checkTimeoutMs, totalTimeoutMs }: Limits = defaults,
): Promise<Finding[]> {
  const deadline = Date.now() + totalTimeoutMs;
  const findings: Finding[] = [];
  for (const check of checks) {
    const timeoutMs = Math.min(checkTimeoutMs, deadline - Date.now());
    const result = timeoutMs > 0 ? await runInTime(check, timeoutMs) : outOfTime;
    const finding = { group: check.group, name: check.name, ...result };
    findings.push(finding);
    onFinding(finding);
  }
  return findings;
}

const outOfTime: Result = { status: 'not checked', found: 'the time was used up; run the doctor again' };

async function runInTime(check: Check, timeoutMs: number): Promise<Result> {
  const ended = new AbortController();
  const timeIsUp = pause(timeoutMs, outOfTime, { signal: ended.signal });
  try {
    return await Promise.race([check.run(), timeIsUp]);
  } catch (error) {
    return explain(error, check);
  } finally {
    ended.abort();
    timeIsUp.catch(() => undefined);
  }
}

/** By the error's name alone: a message may quote what was sent. */
function explain(error: unknown, { action }: Check): Result {
  const reason = reasonOf(error);
  if (denials.includes(reason)) return { status: 'not checked', found: action ?? reason };
  if (reason.startsWith('Expired')) {
    return { status: 'not checked', found: 'the AWS session has expired; sign in again (aws sso login)' };
  }
  return wrong(
    `no usable answer (${reason || 'unknown error'})`,
    'Look at the network, proxy and DNS between this machine and AWS, then run the doctor again.',
  );
}
