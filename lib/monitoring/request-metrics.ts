import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Unit } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type IFilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { handsOver, type RoutedFunction, routes } from '../api/routes.ts';
import type { ApiFunction } from '../lambda/api-function.ts';
import { pascalCase } from '../pascal-case.ts';
import type { Stage } from '../stages/stages.ts';

/** How a metric is read from log lines. */
interface Reading {
  pattern: IFilterPattern;
  /** The field that has the value; if absent, each line counts one. */
  value?: string;
  unit?: Unit;
}

const is = (field: string, value: string) => FilterPattern.stringValue(`$.${field}`, '=', value);

/** Read from the line that a function writes per request (functions/http/request-log.ts). */
const readings = {
  request: {
    Requests: { pattern: is('message', 'request') },
    CallerErrors: { pattern: is('outcome', 'caller_error') },
    OperatorErrors: { pattern: is('outcome', 'operator_error') },
    InternalErrors: { pattern: is('code', 'internal_error') },
    SecretRefreshes: { pattern: FilterPattern.numberValue('$.secretReads', '>', 0), value: '$.secretReads' },
    StaleServes: { pattern: FilterPattern.booleanValue('$.secretStale', true) },
    ColdStarts: { pattern: FilterPattern.booleanValue('$.coldStart', true) },
  },
  /** Only of the functions that create sessions. */
  session: {
    SessionsCreated: { pattern: is('outcome', 'session_created') },
    VendorErrors: { pattern: is('outcome', 'vendor_error') },
    RejectedByVendor: { pattern: is('code', 'rejected_by_vendor') },
    CredentialsRefused: { pattern: is('code', 'credentials_refused') },
    CredentialsNotSet: { pattern: is('code', 'credentials_not_set') },
    VendorLatency: {
      pattern: FilterPattern.numberValue('$.vendorAttempts', '>', 0),
      value: '$.vendorMs',
      unit: Unit.MILLISECONDS,
    },
  },
  /** Of the same functions, in a stage that remembers sessions. */
  store: {
    SessionsResumed: { pattern: is('outcome', 'session_resumed') },
    SessionsInProgress: { pattern: is('code', 'session_in_progress') },
    StoreUnavailable: { pattern: is('store', 'unavailable') },
    StoreUnreadable: { pattern: is('store', 'unreadable') },
  },
  /** Only of the function that opens launch links. */
  link: {
    LinksInvalid: { pattern: is('code', 'launch_link_invalid') },
    LinksOpened: { pattern: is('outcome', 'page_shown') },
  },
  /** Of the function that receives results. */
  result: {
    /** Events that one of the stage's keys signed, wherever they went. */
    ResultsVerified: {
      pattern: FilterPattern.any(
        ...['result_stored', 'result_set_aside', 'result_ignored'].map((outcome) => is('outcome', outcome)),
      ),
    },
    ResultsSetAside: { pattern: is('outcome', 'result_set_aside') },
    ResultsRefused: {
      pattern: FilterPattern.all(
        is('code', 'signature_invalid'),
        FilterPattern.booleanValue('$.claimsIntegration', true),
      ),
    },
    ResultsUnavailable: { pattern: is('code', 'results_unavailable') },
  },
} satisfies Record<string, Record<string, Reading>>;

/** A loan app's call that API Gateway answered with one of the statuses. All fields of the access log are strings. */
const callerAnswered = (resources: readonly string[], ...statuses: string[]) =>
  FilterPattern.all(
    is('httpMethod', 'POST'),
    FilterPattern.any(...resources.map((resource) => is('resourcePath', resource))),
    FilterPattern.any(...statuses.map((status) => is('status', status))),
  );

/** Read from API Gateway's access log (lib/api/session-api.ts). `resources` are those that loan apps call. */
const accessReadings = (resources: readonly string[]) =>
  ({
    // No function answers a loan app with 403.
    CallersRefused: { pattern: callerAnswered(resources, '403') },
    CallersAnswered: { pattern: callerAnswered(resources, '201', '302') },
    RequestsThrottled: { pattern: is('status', '429') },
  }) satisfies Record<string, Reading>;

/** A metric that comes from log lines. */
export type RequestMetric =
  | { [Source in keyof typeof readings]: keyof (typeof readings)[Source] }[keyof typeof readings]
  | keyof ReturnType<typeof accessReadings>;

export interface RequestMetricsProps {
  stage: Stage;
  functions: Readonly<Partial<Record<RoutedFunction, ApiFunction>>>;
  accessLog: ILogGroup;
}

/**
 * The stage's own metrics, made from its log lines by CloudWatch: a request never waits for a metric. They have no
 * dimensions, so that no value of a log line can become the name of a metric.
 */
export class RequestMetrics extends Construct {
  readonly #namespace: string;

  constructor(scope: Construct, id: string, { stage, functions, accessLog }: RequestMetricsProps) {
    super(scope, id);
    this.#namespace = `BeginiSession/${stage.name}`;
    for (const [name, { logGroup }] of Object.entries(functions) as [RoutedFunction, ApiFunction][]) {
      const createsSessions = handsOver(name);
      const ofFunction = {
        ...readings.request,
        ...(createsSessions && readings.session),
        ...(createsSessions && stage.resume && readings.store),
        ...(name === 'launch' && readings.link),
        ...(name === 'receive-result' && readings.result),
      };
      this.#read(ofFunction, logGroup, pascalCase(name));
    }
    const forLoanApps = routes.filter((route) => route.caller === 'loan-app' && functions[route.function]);
    this.#read(accessReadings(forLoanApps.map(({ resource }) => resource)), accessLog, 'AccessLog');
  }

  /** A metric of all functions together: by default its sum over 5 minutes. */
  metric(metricName: RequestMetric, options: MetricOptions = {}): Metric {
    const defaults = { statistic: 'Sum', period: Duration.minutes(5) };
    return new Metric({ namespace: this.#namespace, metricName, ...defaults, ...options });
  }

  /**
   * The filters of one log group are made one after the other: CloudWatch Logs refuses two changes of a log group at once
   * (OperationAbortedException), and CloudFormation does not try again.
   */
  #read(readings: Record<string, Reading>, logGroup: ILogGroup, source: string): void {
    let previous: MetricFilter | undefined;
    for (const [metricName, { pattern, value, unit }] of Object.entries(readings)) {
      const filter = new MetricFilter(this, `${source}${metricName}`, {
        logGroup,
        filterPattern: pattern,
        metricNamespace: this.#namespace,
        metricName,
        metricValue: value ?? '1',
        unit: unit ?? Unit.COUNT,
      });
      if (previous) filter.node.addDependency(previous);
      previous = filter;
    }
  }
}
