import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '../../functions/errors.ts';
import type { Check } from './check.ts';
import type { Found } from './findings.ts';

/** What a check found, with the check's name and group. */
export type Finding = Pick<Check, 'group' | 'name'> & { found: Found };

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

/** What the services of AWS call a resource that does not exist. */
const absences: readonly string[] = ['NoSuchEntity', 'NotFoundException', 'ResourceNotFoundException'];

/** Runs the checks one after the other, and reports each when it ends. Never rejects for a check that fails. */
export async function runChecks(
  checks: readonly Check[],
  onFinding: (finding: Finding) => void,
  { checkTimeoutMs, totalTimeoutMs }: Limits = defaults,
): Promise<Finding[]> {
  const deadline = Date.now() + totalTimeoutMs;
  const findings: Finding[] = [];
  for (const check of checks) {
    const timeoutMs = Math.min(checkTimeoutMs, deadline - Date.now());
    const found = timeoutMs > 0 ? await runInTime(check, timeoutMs) : outOfTime;
    const finding = { group: check.group, name: check.name, found };
    findings.push(finding);
    onFinding(finding);
  }
  return findings;
}

const outOfTime: Found = { code: 'out_of_time' };

async function runInTime(check: Check, timeoutMs: number): Promise<Found> {
  const ended = new AbortController();
  const timeIsUp = pause(timeoutMs, outOfTime, { signal: ended.signal });
  try {
    return await Promise.race([check.run(), timeIsUp]);
  } catch (error) {
    return judgeError(reasonOf(error), check);
  } finally {
    ended.abort();
    timeIsUp.catch(() => undefined);
  }
}

/** By the error's name alone: a message may quote what was sent. */
function judgeError(reason: string, { action, resource }: Check): Found {
  if (denials.includes(reason)) return { code: 'not_allowed', action: action ?? reason };
  if (resource && absences.includes(reason)) return { code: 'deleted', resource };
  if (reason.startsWith('Expired')) return { code: 'session_expired' };
  return { code: 'no_answer', reason };
}
