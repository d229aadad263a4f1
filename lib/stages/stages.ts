import { isIP } from 'node:net';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type LaunchSettings, readLaunchSettings } from './launch-settings.ts';
import { type OperationsSettings, readOperationsSettings } from './operations-settings.ts';
import {
  type Check,
  notAllowed,
  object,
  oneOf,
  positiveInteger,
  SettingsReader,
  text,
  yesOrNo,
} from './settings-reader.ts';
import { readThrottle, type Throttle } from './throttle.ts';

/** One row of the stages table: everything in which one deployed stack differs from another. */
export interface Stage extends LaunchSettings, OperationsSettings {
  /** As written in cdk.json, such as `Test`; the stack is `BeginiSession-Test`. */
  name: string;
  /** The API's stage, thus the first part of its URL's path: the name in lower case. */
  path: string;
  environment: 'test' | 'production';
  /** 12 digits; absent, the account that cdk deploys with. */
  account?: string | undefined;
  /** Such as `eu-central-1`; absent, the region that cdk deploys with. */
  region?: string | undefined;
  /** How a loan app's backend proves itself to API Gateway. */
  callerAuth: 'iam' | 'api-key';
  /** The callers that get an API key and a usage plan each; empty where `callerAuth` is `iam`. */
  loanApps: readonly string[];
  /** Addresses and CIDR ranges that loan apps may call from; empty for any. */
  allowedSourceIps: readonly string[];
  /** Whether session calls carry a signature; Begini must have enabled it on the integration id. */
  hmac: boolean;
  /** Requests per second, and how many may come at once: of the whole stage, and of one API key. */
  throttle: Throttle;
  logRetentionDays: number;
  /** Days after which Secrets Manager asks for a rotation, and fails loudly unless an operator has staged a pair. */
  rotationDays: number;
  /** Whether this stack creates the account-wide role by which API Gateway writes logs. */
  apiGatewayAccountRole: 'create' | 'existing';
}

/** The stages table holds a mistake; the message has one line for each, fit for whoever edits cdk.json. */
export class StagesError extends Error {
  override readonly name = 'StagesError';

  constructor(problems: readonly string[]) {
    super(problems.map((problem) => `cdk.json, ${problem}`).join('\n'));
  }
}

/** Test is small, as the vendor's Test environment is; Production's numbers are a start to be adapted. */
const defaults = {
  test: { throttle: { rateLimit: 5, burstLimit: 10 }, logRetentionDays: RetentionDays.TWO_WEEKS },
  production: { throttle: { rateLimit: 100, burstLimit: 200 }, logRetentionDays: RetentionDays.ONE_YEAR },
} as const;

/** As often as security baselines commonly ask for, and seldom enough for a step that people take by hand. */
const defaultRotationDays = 90;

/** Fit for a CloudFormation stack's name and for a path; hyphens only, as a stack's name takes no underscore. */
const rowNamePattern = /^[a-z][a-z0-9-]{0,31}$/i;

const accountId = text(/^\d{12}$/, 'a string of 12 digits');
const regionName = text(/^[a-z]{2,}(-[a-z]+)+-\d$/, 'a region such as "eu-central-1"');
/** A word starts with a letter, so that names in camel case, as in the outputs, differ wherever these do. */
const loanAppName = text(
  /^(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/,
  'at most 40 characters, words in lower case joined by hyphens, such as "loan-app"',
);
const sourceIp: Check<string> = {
  accepts: (value): value is string => typeof value === 'string' && isAddressOrRange(value),
  allowed: 'an IPv4 or IPv6 address or CIDR range, such as "203.0.113.0/24"',
};
/** What Secrets Manager takes as `AutomaticallyAfterDays`. */
const daysBetweenRotations: Check<number> = {
  accepts: (value): value is number => positiveInteger.accepts(value) && value <= 1_000,
  allowed: 'a whole number of days from 1 to 1000',
};
/** Without CDK's own value for "never", which CloudWatch does not know. */
const retentionDays = oneOf(
  ...Object.values(RetentionDays).filter(
    (days) => typeof days === 'number' && days !== RetentionDays.INFINITE,
  ),
);

/**
 * Reads and checks the context `stages`: an object with a row per stage, such as
 * `{"Test": {"environment": "test"}}`, or the same as a JSON string (which is what `cdk -c stages=…` passes).
 * @throws {StagesError} naming every mistake at once.
 */
export function readStages(context: unknown): Stage[] {
  const problems: string[] = [];
  const stages = Object.entries(readTable(context, problems)).map(([name, row]) =>
    SettingsReader.read(`stages.${name}`, row, problems, (settings) => readStage(name, settings)),
  );
  problems.push(...badNames(stages));
  if (problems.length > 0) throw new StagesError(problems);
  return stages;
}

function readTable(context: unknown, problems: string[]): Record<string, unknown> {
  const table = typeof context === 'string' ? parseJson(context) : context;
  if (object.accepts(table) && Object.keys(table).length > 0) return table;
  problems.push(
    notAllowed('stages', context, 'an object with a row per stage: {"Test": {"environment": "test"}}'),
  );
  return {};
}

function readStage(name: string, settings: SettingsReader): Stage {
  // The placeholder is never seen: without an environment there is a problem, and no stage is returned.
  const environment = settings.required('environment', oneOf('test', 'production')) ?? 'test';
  const { throttle, logRetentionDays } = defaults[environment];
  const account = settings.optional('account', accountId);
  const region = settings.optional('region', regionName);
  return {
    name,
    path: name.toLowerCase(),
    environment,
    account,
    region,
    ...readCallers(settings),
    allowedSourceIps: settings.optionalList('allowedSourceIps', sourceIp) ?? [],
    hmac: settings.optional('hmac', yesOrNo) ?? true,
    throttle: readThrottle(settings, 'throttle', throttle),
    ...readLaunchSettings(settings, environment, region),
    logRetentionDays: settings.optional('logRetentionDays', retentionDays) ?? logRetentionDays,
    rotationDays: settings.optional('rotationDays', daysBetweenRotations) ?? defaultRotationDays,
    apiGatewayAccountRole:
      settings.optional('apiGatewayAccountRole', oneOf('create', 'existing')) ?? 'create',
    ...readOperationsSettings(settings, environment, region),
  };
}

function readCallers(settings: SettingsReader): Pick<Stage, 'callerAuth' | 'loanApps'> {
  const callerAuth = settings.optional('callerAuth', oneOf('iam', 'api-key')) ?? 'iam';
  const loanApps = settings.optionalList('loanApps', loanAppName);
  if (callerAuth === 'api-key') return { callerAuth, loanApps: loanApps ?? ['loan-app'] };
  if (loanApps) settings.refuse('loanApps', loanApps, 'it only with "callerAuth": "api-key"');
  return { callerAuth, loanApps: [] };
}

function badNames(stages: readonly Stage[]): string[] {
  return stages.flatMap(({ name, path }, index) => {
    const twin = stages.slice(0, index).find((earlier) => earlier.path === path);
    if (twin)
      return [`stages.${name}: same path as stages.${twin.name}; use names that differ in more than case`];
    if (rowNamePattern.test(name)) return [];
    return [
      `stages.${name}: not fit for a stack and a path; use 1 to 32 letters, digits and hyphens, a letter first`,
    ];
  });
}

function isAddressOrRange(value: string): boolean {
  const [address = '', prefixLength, ...rest] = value.split('/');
  const longestPrefix = { 4: 32, 6: 128 }[isIP(address)];
  // Node takes an IPv6 address with a zone (`fe80::1%eth0`), AWS does not.
  if (longestPrefix === undefined || address.includes('%') || rest.length > 0) return false;
  return (
    prefixLength === undefined ||
    (/^(0|[1-9]\d*)$/.test(prefixLength) && Number(prefixLength) <= longestPrefix)
  );
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
