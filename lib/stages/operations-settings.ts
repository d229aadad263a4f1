import * as v from 'valibot';
import { httpsUrl, notAllowed, oneOf, text, wholeNumber, yesOrNo } from './settings.ts';

/** The part of a stage's row that concerns how it is protected, watched and deployed. */
export interface OperationsSettings {
  /** Who receives the alarms: an e-mail address, or an existing SNS topic; if both are absent, no one. */
  alarmEmail?: string | undefined;
  alarmTopicArn?: string | undefined;
  /** Where the operators read the runbook: an https URL; if absent, alarms name its articles without an address. */
  runbookUrl?: string | undefined;
  /** Whether secrets, logs and the alarm topic are encrypted with a KMS key that belongs to the stage. */
  customerManagedKey: boolean;
  /** Whether AWS WAF protects the API. */
  firewall: boolean;
  /** How traffic moves to a new version of a function: a tenth of it first, or all of it. */
  deployment: 'canary' | 'all-at-once';
  /**
   * Concurrent executions reserved for each function that answers requests, also its upper limit; if absent, neither.
   */
  reservedConcurrency?: number | undefined;
  /** Whether the functions are traced by X-Ray. */
  tracing: boolean;
}

/** The local part and the domain as browsers check them, the latter with at least one dot. */
const emailPattern =
  /^(?=.{6,254}$)[\w.!#$%&'*+/=?^`{|}~-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i;
const emailAddress = text(
  emailPattern,
  'one e-mail address, such as "on-call@bank.example", of at most 254 characters, 64 of them before the @',
);
/** Not a FIFO topic: EventBridge cannot send to one. */
const snsTopicArn = text(
  /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/,
  'the ARN of a standard SNS topic, such as "arn:aws:sns:eu-central-1:123456789012:on-call", with a name of at most 256 characters',
);

/** The settings of a row for operations. Production is protected by default. */
export function operationsSettings(environment: 'test' | 'production') {
  const isProduction = environment === 'production';
  return {
    alarmEmail: v.optional(emailAddress),
    alarmTopicArn: v.optional(snsTopicArn),
    runbookUrl: v.optional(httpsUrl('https://git.bank.example/begini-session/RUNBOOK.md')),
    customerManagedKey: v.optional(yesOrNo, isProduction),
    firewall: v.optional(yesOrNo, isProduction),
    deployment: v.optional(oneOf('canary', 'all-at-once'), isProduction ? 'canary' : 'all-at-once'),
    reservedConcurrency: v.optional(wholeNumber(1, Number.MAX_SAFE_INTEGER, 'a whole number greater than 0')),
    tracing: v.optional(yesOrNo, false),
  };
}

/** Refuses a second receiver of alarms, and a topic in another region than the row's; `path` is the row's. */
export function refuseAlarmTopic(
  path: string,
  { alarmEmail, alarmTopicArn, region }: Partial<OperationsSettings> & { region?: string | undefined },
): string[] {
  if (!alarmTopicArn) return [];
  const refuse = (allowed: string) => notAllowed(`${path}.alarmTopicArn`, alarmTopicArn, allowed);
  const isElsewhere = region && alarmTopicArn.split(':')[3] !== region;
  return [
    ...(alarmEmail ? [refuse('it or alarmEmail')] : []),
    ...(isElsewhere ? [refuse(`a topic in the row's region, ${region}`)] : []),
  ];
}
