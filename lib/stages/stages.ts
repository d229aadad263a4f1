import * as v from 'valibot';
import { refuseLongTexts } from './applicant-page.ts';
import { launchLinkSettings, refuseDomain, refuseSharedDomain } from './launch-link-settings.ts';
import { operationsSettings, refuseAlarmTopic } from './operations-settings.ts';
import { resultsSetting } from './results-setting.ts';
import {
  type EnvironmentName,
  environmentName,
  list,
  longestRotationDays,
  notAllowed,
  object,
  oneOf,
  problemsOf,
  settings,
  text,
  wholeNumber,
  yesOrNo,
} from './settings.ts';
import { allowedSourceIps, areAnywhere, refuseOpenApiKeys } from './source-ips.ts';
import { throttle } from './throttle.ts';

/** One row of the stages table: all differences between one deployed stack and another. */
export type Stage = ReturnType<typeof stageOf>;

/** The stages table has mistakes; the message has one line for each, in the words of cdk.json. */
export class StagesError extends Error {
  override readonly name = 'StagesError';

  constructor(problems: readonly string[]) {
    super(problems.map((problem) => `cdk.json, ${problem}`).join('\n'));
  }
}

/** What CloudWatch Logs accepts as the retention of a log group, in days. */
export const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/** Test is small, as the vendor's Test environment is; adapt Production's numbers to the expected traffic. */
const defaults = {
  test: { throttle: { rateLimit: 5, burstLimit: 10 }, logRetentionDays: 14 },
  production: { throttle: { rateLimit: 100, burstLimit: 200 }, logRetentionDays: 365 },
} as const;

/** As often as common security baselines require, and rarely enough for a manual step. */
const defaultRotationDays = 90;

/** The life of a session in Begini's Deployment Centre: its default and its maximum. */
const defaultSessionHours = 24;
const longestSessionHours = 10_000;

/** Valid in a stack's name and in a path; hyphens only, as a stack's name allows no underscore. */
const rowNamePattern = /^[a-z][a-z0-9-]{0,31}$/i;

const accountId = text(/^\d{12}$/, 'a string of 12 digits');
/** China, GovCloud and the isolated regions ("AWS partitions", read November 2026). */
const otherPartition = /^(cn|us-gov|us-iso[a-z]?|eu-iso[a-z]?)-/;
const standardRegion =
  'a region of AWS\'s standard partition or of the European Sovereign Cloud, such as "eu-central-1": elsewhere, host ' +
  'names and ARNs differ';
const regionName = v.pipe(
  text(/^[a-z]{2,}(-[a-z]+)+-\d$/, 'a region such as "eu-central-1"'),
  v.check((region) => !otherPartition.test(region), standardRegion),
);
/** A word starts with a letter, so that names in camel case, as in the outputs, differ wherever these do. */
const loanAppName = text(
  /^(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/,
  'at most 40 characters, words in lower case joined by hyphens, such as "loan-app"',
);

function rowSchema(environment: EnvironmentName) {
  return settings({
    environment: environmentName,
    /** 12 digits; by default, the account that cdk deploys with. */
    account: v.optional(accountId),
    /** Such as `eu-central-1`, of the partition `aws` or `aws-eusc`; by default, the region that cdk deploys with. */
    region: v.optional(regionName),
    /** How API Gateway authenticates a loan app's backend. */
    callerAuth: v.optional(oneOf('iam', 'api-key'), 'iam'),
    /** The callers that get an API key and a usage plan each; only with API keys. */
    loanApps: v.optional(list(loanAppName)),
    /** Addresses and CIDR ranges that loan apps may call from; by default any. */
    allowedSourceIps: v.optional(allowedSourceIps),
    /** Whether session calls have a signature; Begini must have enabled it on the integration id. */
    hmac: v.optional(yesOrNo, true),
    /** Whether the stage remembers the session of a uid and returns the same one until it expires. */
    resume: v.optional(yesOrNo, true),
    /** How long a session lives if its token has no expiry, in hours from its creation. */
    sessionHours: v.optional(wholeNumber(1, longestSessionHours), defaultSessionHours),
    /** The limits of the whole stage, and of one API key. */
    throttle: throttle(defaults[environment].throttle),
    ...launchLinkSettings(environment),
    logRetentionDays: v.optional(oneOf(...retentionDays), defaults[environment].logRetentionDays),
    /**
     * Days after which Secrets Manager starts a rotation, which fails with an alarm unless an operator has staged a
     * pair.
     */
    rotationDays: v.optional(
      wholeNumber(1, longestRotationDays, `a whole number of days from 1 to ${longestRotationDays}`),
      defaultRotationDays,
    ),
    /** Whether the stage receives results from Begini, and how long the previous API key still verifies them. */
    results: resultsSetting,
    ...operationsSettings(environment),
  });
}

type Row = v.InferOutput<ReturnType<typeof rowSchema>>;

/**
 * Reads and checks the context `stages`: an object with a row per stage, such as
 * `{"Test": {"environment": "test"}}`, or the same as a JSON string (which is what `cdk -c stages=…` passes).
 * @param defaultRegion the region that cdk deploys with, if it is known
 * @throws {StagesError} naming every mistake at once.
 */
export function readStages(context: unknown, defaultRegion = ''): Stage[] {
  const table = Object.entries(readTable(context));
  const rows = table.map(([name, row]) => ({ name, ...readRow(`stages.${name}`, row) }));
  const problems = [
    ...rows.flatMap((row) => row.problems),
    ...badNames(table.map(([name]) => name)),
    ...refuseSharedDomain(rows),
    ...(otherPartition.test(defaultRegion)
      ? rows.flatMap((row) => refuseDefaultRegion(row, defaultRegion))
      : []),
  ];
  if (problems.length > 0) throw new StagesError(problems);
  // Without a problem, no setting is missing.
  return rows.map(({ name, valid }) => stageOf(name, valid as Row));
}

/**
 * Reads the context `apiGatewayAccountRole`: whether cdk also deploys the stack with the role of the account.
 * @throws {StagesError} if it is something else than `create`
 */
export function readCreatesAccountRole(context: unknown): boolean {
  if (context !== undefined && context !== 'create')
    throw new StagesError([notAllowed('apiGatewayAccountRole', context, '"create", or leave it out')]);
  return context === 'create';
}

function readTable(context: unknown): Record<string, unknown> {
  const table = typeof context === 'string' ? parseJson(context) : context;
  if (v.is(object, table) && Object.keys(table).length > 0) return table;
  const allowed = 'an object with a row per stage: {"Test": {"environment": "test"}}';
  throw new StagesError([notAllowed('stages', context, allowed)]);
}

/** The settings of a row that are valid by themselves, and a sentence for each mistake. */
function readRow(path: string, row: unknown): { valid: Partial<Row>; problems: string[] } {
  const { given, problems: retired } = takeRetired(path, row);
  const environment = v.is(object, given) && given.environment;
  // The placeholder is never used: without an environment there is a problem, and no stage is returned.
  const schema = rowSchema(v.is(environmentName, environment) ? environment : 'test');
  const { output, issues = [] } = v.safeParse(schema, given);
  const wrong = new Set(issues.map((issue) => issue.path?.[0].key));
  const fields = v.is(object, output) ? Object.entries(output) : [];
  const valid = Object.fromEntries(fields.filter(([name]) => !wrong.has(name))) as Partial<Row>;
  const problems = [
    ...problemsOf(path, issues),
    ...retired,
    ...refuseLoanApps(path, valid),
    ...refuseDomain(path, valid),
    ...refuseLongTexts(path, valid),
    ...refuseAlarmTopic(path, valid),
    ...refuseOpenApiKeys(path, valid),
  ];
  return { valid, problems };
}

/** Takes the settings of earlier versions out of a row, with a sentence on what to write instead. */
function takeRetired(path: string, row: unknown): { given: unknown; problems: string[] } {
  if (!v.is(object, row) || row.apiGatewayAccountRole === undefined) return { given: row, problems: [] };
  const { apiGatewayAccountRole, ...given } = row;
  const instead =
    'nothing: delete this line. A stage no longer makes the role with which API Gateway writes logs, and a role that ' +
    'one made stays in use. Only where the account has none, deploy once with -c apiGatewayAccountRole=create';
  return { given, problems: [notAllowed(`${path}.apiGatewayAccountRole`, apiGatewayAccountRole, instead)] };
}

function refuseDefaultRegion({ name, valid }: { name: string; valid: Partial<Row> }, defaultRegion: string) {
  const place = `stages.${name}.region: missing, and cdk deploys to ${defaultRegion}`;
  return valid.region ? [] : [`${place}; use ${standardRegion}`];
}

function refuseLoanApps(path: string, { callerAuth, loanApps }: Partial<Row>): string[] {
  if (!loanApps || callerAuth !== 'iam') return [];
  return [notAllowed(`${path}.loanApps`, loanApps, 'it only with "callerAuth": "api-key"')];
}

function stageOf(name: string, { returnUrl, ...row }: Row) {
  return {
    ...row,
    /** As written in cdk.json, such as `Test`; the stack is `BeginiSession-Test`. */
    name,
    /** The API's stage, which is the first part of its URL's path: the name in lower case. */
    path: name.toLowerCase(),
    /** Empty if callers use IAM. */
    loanApps: row.callerAuth === 'api-key' ? (row.loanApps ?? ['loan-app']) : [],
    /** Empty for any. */
    allowedSourceIps: areAnywhere(row.allowedSourceIps ?? []) ? [] : (row.allowedSourceIps ?? []),
    applicantPage: { ...row.applicantPage, returnUrl },
  };
}

function badNames(names: readonly string[]): string[] {
  return names.flatMap((name, index) => {
    const twin = names.slice(0, index).find((earlier) => earlier.toLowerCase() === name.toLowerCase());
    if (twin !== undefined)
      return [`stages.${name}: same path as stages.${twin}; use names that differ in more than case`];
    if (/^account(-|$)/i.test(name))
      return [`stages.${name}: the stack of the account has this name; use another one`];
    if (rowNamePattern.test(name)) return [];
    return [
      `stages.${name}: not fit for a stack and a path; use 1 to 32 letters, digits and hyphens, a letter first`,
    ];
  });
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
