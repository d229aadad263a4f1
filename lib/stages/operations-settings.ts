import { oneOf, positiveInteger, type SettingsReader, text, yesOrNo } from './settings-reader.ts';

/** The part of a stage's row that concerns how it is protected, watched and deployed. */
export interface OperationsSettings {
  /** Whom alarms tell: an address, or an SNS topic that exists; both absent, nobody. */
  alarmEmail?: string | undefined;
  alarmTopicArn?: string | undefined;
  /** Whether secrets, logs and the alarm topic are under a KMS key of the stage's own. */
  customerManagedKey: boolean;
  /** Whether AWS WAF stands before the API. */
  firewall: boolean;
  /** How a new version of a function takes over: a tenth of the traffic first, or all of it. */
  deployment: 'canary' | 'all-at-once';
  /** Concurrent executions kept for each function that answers requests, and its upper limit; absent, neither. */
  reservedConcurrency?: number | undefined;
  /** Whether the functions are traced by X-Ray. */
  tracing: boolean;
}

/** The local part and the domain as browsers check them, the latter with at least one dot. */
const emailPattern =
  /^(?=.{6,254}$)[\w.!#$%&'*+/=?^`{|}~-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i;
const emailAddress = text(emailPattern, 'one e-mail address, such as "on-call@bank.example"');
/** Not a FIFO topic: EventBridge cannot send to one. */
const snsTopicArn = text(
  /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/,
  'the ARN of a standard SNS topic, such as "arn:aws:sns:eu-central-1:123456789012:on-call"',
);

/** Reads the settings for operations of a row. Production is careful where a row says nothing. */
export function readOperationsSettings(
  settings: SettingsReader,
  environment: 'test' | 'production',
  region: string | undefined,
): OperationsSettings {
  const isProduction = environment === 'production';
  return {
    ...readAlarmReceiver(settings, region),
    customerManagedKey: settings.optional('customerManagedKey', yesOrNo) ?? isProduction,
    firewall: settings.optional('firewall', yesOrNo) ?? isProduction,
    deployment:
      settings.optional('deployment', oneOf('canary', 'all-at-once')) ??
      (isProduction ? 'canary' : 'all-at-once'),
    reservedConcurrency: settings.optional('reservedConcurrency', positiveInteger),
    tracing: settings.optional('tracing', yesOrNo) ?? false,
  };
}

function readAlarmReceiver(
  settings: SettingsReader,
  region: string | undefined,
): Pick<OperationsSettings, 'alarmEmail' | 'alarmTopicArn'> {
  const alarmEmail = settings.optional('alarmEmail', emailAddress);
  const alarmTopicArn = settings.optional('alarmTopicArn', snsTopicArn);
  if (alarmEmail && alarmTopicArn) settings.refuse('alarmTopicArn', alarmTopicArn, 'it or alarmEmail');
  if (alarmTopicArn && region && alarmTopicArn.split(':')[3] !== region) {
    settings.refuse('alarmTopicArn', alarmTopicArn, `a topic in the row's region, ${region}`);
  }
  return { alarmEmail, alarmTopicArn };
}
