import { parseArgs } from 'node:util';
import { reasonOf } from '../../functions/errors.ts';
import type { AskMfaCode } from '../deployed/aws-access.ts';
import { isOnTheWay, networkAdvice } from '../deployed/https-agent.ts';
import { refuseOptionsOfNpm } from '../deployed/npm-options.ts';
import { UsageError } from '../deployed/usage-error.ts';
import { readPort } from '../stand-ins/local-stage.ts';
import type { AskAws } from './ask-aws.ts';
import type { Examination } from './check.ts';
import { type Found, putIntoWords, type Status, type Target, type Words } from './findings.ts';
import { denials, type Limits, runChecks } from './run-checks.ts';

/** What a run of the command is given. */
export type DoctorOptions = {
  environment: Record<string, string | undefined>;
  /** Receives each line of the output as it is known. */
  print: (line: string) => void;
  printError: (line: string) => void;
  /** Absent if there is no terminal. */
  askMfaCode?: AskMfaCode | undefined;
  /** Another file than the project's cdk.json. */
  cdkJson?: URL;
  /** For tests. */
  askAws?: AskAws;
  limits?: Limits;
};

const usage = `Usage: npm run doctor -- --stage <stage> [--hand-off] [--json]
       npm run doctor -- --local [--hand-off] [--json]

Says whether a deployed stage can go live. Only --hand-off creates anything at Begini: one session.`;

/** What a hand-off that succeeds finds. */
const handedOver: readonly Found['code'][] = ['session_created', 'session_resumed'];

const commandOptions = {
  stage: { type: 'string' },
  local: { type: 'boolean' },
  'hand-off': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/**
 * Runs the command. Never rejects.
 * @returns its exit code: 0 nothing is wrong, 1 something is or no hand-off that was asked for succeeded, 2 it could not
 * begin
 */
export async function runDoctor(argv: string[], options: DoctorOptions): Promise<number> {
  try {
    refuseOptionsOfNpm(Object.keys(commandOptions), argv, options.environment);
    const { stage, local, handOff, json } = parse(argv);
    const examination = local
      ? await findLocal(handOff, options)
      : await findDeployed(stage, handOff, options);
    if (!json) printTarget(examination.target, local, options);
    return await report(examination, { json, handOff }, options);
  } catch (error) {
    // Errors of the SDK are shown by name only: a message may quote what was sent.
    options.printError(error instanceof UsageError ? error.message : explain(error));
    return 2;
  }
}

function printTarget(
  { stage, account, region, address }: Target,
  local: boolean,
  { print }: DoctorOptions,
): void {
  print(`Stage ${stage.name} (${stage.environment})${local ? ', the local service' : ''}`);
  print(`Address ${address}, account ${account}, region ${region}`);
}

async function report(
  { target, checks }: Examination,
  { json, handOff }: { json: boolean; handOff: boolean },
  { print, limits }: DoctorOptions,
): Promise<number> {
  let group = '';
  const findings = await runChecks(
    checks,
    (finding) => {
      if (json) return;
      if (finding.group !== group) print(`\n${finding.group}`);
      group = finding.group;
      print(lineOf(finding.name, putIntoWords(finding.found, target)));
    },
    limits,
  );
  const results = findings.map(({ group, name, found }) => ({
    group,
    name,
    code: found.code,
    ...putIntoWords(found, target),
  }));
  const count = (status: Status) => results.filter((each) => each.status === status).length;
  const wrong = count('wrong');
  const notChecked = count('not checked');
  const lacksHandOff = handOff && !results.some(({ code }) => handedOver.includes(code));
  const passed = wrong === 0 && !lacksHandOff;
  if (json) {
    const { stage, account, region, address } = target;
    print(
      JSON.stringify({ stage: stage.name, account, region, address, passed, findings: results }, null, 2),
    );
  } else {
    print(
      `\n${verdictOf(passed, notChecked)}: ${count('ok')} ok, ${count('to do')} to do, ${wrong} wrong, ${notChecked} not checked.`,
    );
    if (results.some(({ code }) => code === 'not_allowed' || code === 'caller_not_allowed')) {
      print(
        "For the actions named above, attach the policy in the stack's output DoctorPolicyArn to your role.",
      );
    }
    if (lacksHandOff) print('No hand-off succeeded: see the line "an applicant is handed over".');
  }
  return passed ? 0 : 1;
}

function verdictOf(passed: boolean, notChecked: number): string {
  if (!passed) return 'Not ready';
  return notChecked > 0 ? 'Nothing is wrong in what was checked' : 'Nothing is wrong';
}

function parse(argv: string[]) {
  try {
    const { values } = parseArgs({ args: argv, options: commandOptions });
    const { stage = '', local = false, 'hand-off': handOff = false, json = false } = values;
    if (stage || local) return { stage, local, handOff, json };
  } catch {
    // Quotes nothing of the command line.
  }
  throw new UsageError(usage);
}

// What AWS needs takes longer to load than all the rest.
async function findDeployed(
  name: string,
  handOff: boolean,
  { environment, askMfaCode, cdkJson, askAws }: DoctorOptions,
): Promise<Examination> {
  const { findStage } = await import('../deployed/find-stage.ts');
  const stage = await findStage(name, cdkJson);
  const { deployedChecks } = await import('./deployed-checks.ts');
  return await deployedChecks(stage, { handOff, environment, askMfaCode, askAws });
}

async function findLocal(handOff: boolean, { environment }: DoctorOptions): Promise<Examination> {
  const { localChecks } = await import('./local-checks.ts');
  return await localChecks(readPort(environment.PORT), { handOff, environment });
}

function lineOf(name: string, { status, found, next }: Words): string {
  const line =
    status === 'not checked'
      ? `  not checked (${found})  ${name}`
      : `  ${status.padEnd(11)}  ${name}: ${found}`;
  return next ? `${line}\n               → ${next}` : line;
}

function explain(error: unknown): string {
  const reason = reasonOf(error);
  if (reason.startsWith('Expired')) {
    return 'The AWS session has expired. Next: sign in again (aws sso login), or set new credentials.';
  }
  if (denials.includes(reason)) {
    return `These AWS credentials may not look at the stack (${reason}).
Next: check that AWS_PROFILE is of the stage's account, and attach the policy in the stack's output DoctorPolicyArn.`;
  }
  if (isOnTheWay(reason)) return `AWS could not be reached: ${reason}.\nNext: ${networkAdvice}`;
  return `AWS gave no usable answer: ${reason || 'unknown error'}.
Next: check AWS_PROFILE and AWS_REGION, then run the doctor again.`;
}
