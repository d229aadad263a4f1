import * as v from 'valibot';
import {
  type EnvironmentName,
  httpsUrl,
  notAllowed,
  oneOf,
  type SettingsOf,
  text,
  wholeNumber,
  yesOrNo,
} from './settings.ts';

/** The local part and the domain as browsers check them, the latter with at least one dot. */
const emailPattern =
  /^(?=.{6,254}$)[\w.!#$%&'*+/=?^`{|}~-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i;
const emailAddress = text(
  emailPattern,
  'one e-mail address, such as "on-call@bank.example", of at most 254 characters, 64 of them before the @',
);
/** Not a FIFO topic: EventBridge cannot send to one. */
const snsTopicArn = text(
  /^arn:aws(?:-eusc)?:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/,
  'the ARN of a standard SNS topic, such as "arn:aws:sns:eu-central-1:123456789012:on-call", with a name of at most 256 characters',
);

/**
 * The settings of a row that concern how the stage is protected, watched and deployed. Production is protected by
 * default.
 */
export function operationsSettings(environment: EnvironmentName) {
  const isProduction = environment === 'production';
  return {
    /** Who receives the alarms: an e-mail address, or an existing SNS topic; if both are absent, no one. */
    alarmEmail: v.optional(emailAddress),
    alarmTopicArn: v.optional(snsTopicArn),
    /** Where the operators read the runbook: an https URL; if absent, alarms name its articles without an address. */
    runbookUrl: v.optional(httpsUrl('https://git.bank.example/begini-session/RUNBOOK.md')),
    /** Whether secrets, logs and the alarm topic are encrypted with a KMS key that belongs to the stage. */
    customerManagedKey: v.optional(yesOrNo, isProduction),
    /** Whether AWS WAF protects the API. */
    firewall: v.optional(yesOrNo, isProduction),
    /** How traffic moves to a new version of a function: a tenth of it first, or all of it. */
    deployment: v.optional(oneOf('canary', 'all-at-once'), isProduction ? 'canary' : 'all-at-once'),
    /** Concurrent executions reserved for each function that answers requests, also its maximum; if absent, neither. */
    reservedConcurrency: v.optional(wholeNumber(1, Number.MAX_SAFE_INTEGER, 'a whole number greater than 0')),
    /** Whether the functions are traced by X-Ray. */
    tracing: v.optional(yesOrNo, false),
  };
}

type OperationsSettings = SettingsOf<ReturnType<typeof operationsSettings>>;

/**
 * Refuses a second receiver of alarms, and a topic elsewhere than the row: CloudWatch's alarms reach only topics of their
 * own region, and EventBridge needs a role for one of another account; `path` is the row's.
 */
export function refuseAlarmTopic(
  path: string,
  {
    alarmEmail,
    alarmTopicArn,
    account,
    region,
  }: Partial<OperationsSettings> & { account?: string | undefined; region?: string | undefined },
): string[] {
  if (!alarmTopicArn) return [];
  const refuse = (allowed: string) => notAllowed(`${path}.alarmTopicArn`, alarmTopicArn, allowed);
  const [, , , topicRegion, topicAccount] = alarmTopicArn.split(':');
  return [
    ...(alarmEmail ? [refuse('it or alarmEmail')] : []),
    ...(region && topicRegion !== region ? [refuse(`a topic in the row's region, ${region}`)] : []),
    ...(account && topicAccount !== account
      ? [refuse(`a topic in the row's account, ${account}: EventBridge needs a role for another's`)]
      : []),
  ];
}
