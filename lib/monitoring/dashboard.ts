import { Duration, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type GraphWidgetProps,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  MathExpression,
  PeriodOverride,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Firewall } from '../api/firewall.ts';
import type { SessionApi } from '../api/session-api.ts';
import type { ApiFunction } from '../lambda/api-function.ts';
import type { ResultQueues } from '../results/result-queues.ts';
import type { Stage } from '../stages/stages.ts';
import type { Alarms, Rotations } from './alarms.ts';
import { errorBudget } from './error-budget.ts';
import { sumOf } from './metric-math.ts';
import type { RequestMetric, RequestMetrics } from './request-metrics.ts';
import { runbookFile } from './runbook.ts';

export interface StageDashboardProps {
  stage: Stage;
  api: SessionApi;
  firewall: Firewall | undefined;
  functions: readonly ApiFunction[];
  metrics: RequestMetrics;
  rotations: Rotations;
  results: ResultQueues | undefined;
  alarms: Alarms;
}

const fullWidth = 24;

/** One page that answers an operator's questions from top to bottom. */
export class StageDashboard extends Construct {
  /** Where it is in the console. */
  readonly url: string;
  readonly #props: StageDashboardProps;

  constructor(scope: Construct, id: string, props: StageDashboardProps) {
    super(scope, id);
    this.#props = props;
    const { stackName, region } = Stack.of(this);
    // A dashboard's name is one for all regions of an account.
    const dashboardName = `${stackName}-${region}`;
    const consoleHost = region.startsWith('eusc-') ? 'console.amazonaws-eusc.eu' : 'console.aws.amazon.com';
    this.url = `https://${region}.${consoleHost}/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`;
    new Dashboard(this, 'Dashboard', {
      dashboardName,
      defaultInterval: Duration.hours(12),
      // Keeps each graph's own period.
      periodOverride: PeriodOverride.INHERIT,
      widgets: [
        [this.#links()],
        [heading('Are applicants getting through?')],
        [this.#alarmStatus()],
        this.#gettingThrough(),
        [heading('Is it us, the vendor or a caller?')],
        this.#whoMustAct(),
        [heading('Is rotation healthy?')],
        this.#rotation(),
        ...this.#resultRows(),
      ],
    });
  }

  /** What an operator opens next. CloudWatch opens a link that starts with # in its own console. */
  #links(): IWidget {
    const { runbookUrl } = this.#props.stage;
    const runbook = runbookUrl ? `[Runbook](${runbookUrl})` : `Runbook: ${runbookFile}`;
    const queries = `[Saved queries](#logsV2:logs-insights), folder ${Stack.of(this).stackName}`;
    return new TextWidget({ markdown: `${runbook} | ${queries}`, width: fullWidth, height: 1 });
  }

  /** As wide as the page: only the end of an alarm's name distinguishes it. */
  #alarmStatus(): IWidget {
    const alarms = [...this.#props.alarms.all];
    return new AlarmStatusWidget({ title: 'Alarms', width: fullWidth, height: 4, alarms });
  }

  #gettingThrough(): IWidget[] {
    const { alarms, stage } = this.#props;
    const failures = alarms.errorBudget.failureRate(Duration.minutes(5));
    const sentOn = this.#metrics({
      Requests: 'Requests',
      SessionsCreated: 'Sent on',
      ...(stage.resume && { SessionsResumed: 'Sent on again' }),
    });
    return [
      new SingleValueWidget({
        title: 'In this time',
        width: 4,
        height: 7,
        setPeriodToTimeRange: true,
        metrics: sentOn,
      }),
      graph(10, 'Requests, and applicants sent to the assessment', sentOn),
      graph(10, 'Failed hand-offs, share of the valid ones', [failures], {
        leftAnnotations: [{ value: errorBudget, label: 'What the objective allows (0.5 %)' }],
      }),
    ];
  }

  /** The state of the table of sessions, in a stage that remembers sessions. */
  #remembering(): IWidget[] {
    if (!this.#props.stage.resume) return [];
    const metrics = this.#metrics({
      StoreUnavailable: 'Answered without it',
      StoreUnreadable: 'Session could not be decrypted',
      SessionsInProgress: 'Waited too long for another request (503)',
    });
    return [graph(fullWidth, 'Requests and the table of sessions', metrics)];
  }

  #whoMustAct(): IWidget[] {
    const { api, firewall, functions, stage } = this.#props;
    const wholeLatency = api.handOffMethods.map((method) =>
      method.metricLatency(api.restApi.deploymentStage, {
        statistic: 'p95',
        label: `Caller waits, 95 % (${method.httpMethod} ${method.resource.path})`,
      }),
    );
    return [
      graph(
        8,
        'Errors, by who must act',
        this.#metrics({ CallerErrors: 'Caller', VendorErrors: 'Vendor', OperatorErrors: 'Operator' }),
        { stacked: true },
      ),
      graph(8, 'How long it takes, ms', [
        ...this.#metrics({ VendorLatency: 'Vendor, half' }, 'p50'),
        ...this.#metrics({ VendorLatency: 'Vendor, 95 %' }, 'p95'),
        ...wholeLatency,
      ]),
      graph(8, 'Ourselves', [
        ...this.#metrics({ InternalErrors: 'Internal errors' }),
        sum('Function errors', functions, ({ live }) => live.metricErrors()),
        sum('Function throttles', functions, ({ live }) => live.metricThrottles()),
        ...this.#metrics({ ColdStarts: 'Cold starts' }),
      ]),
      ...this.#remembering(),
      graph(
        12,
        'The vendor says no, or nothing',
        this.#metrics({ RejectedByVendor: 'Refused this uid (422)', VendorErrors: 'All vendor errors' }),
      ),
      graph(12, 'Refused callers', [
        ...this.#metrics({
          CallersRefused: 'Loan apps refused (403)',
          CallersAnswered: 'Loan apps answered',
          RequestsThrottled: 'Throttled (429)',
          ...(stage.launchLinks && {
            LinksInvalid: 'Launch links that are invalid',
            LinksOpened: 'Launch links opened',
          }),
        }),
        api.restApi.metricClientError({ label: 'All refused requests (4xx)', statistic: 'Sum' }),
        ...(firewall ? [firewall.blocked] : []),
      ]),
      new LogQueryWidget({
        title: 'Errors by code',
        width: fullWidth,
        height: 6,
        view: LogQueryVisualizationType.TABLE,
        logGroupNames: functions.map(({ logGroup }) => logGroup.logGroupName),
        queryLines: [
          'filter message = "request" and ispresent(code)',
          'stats count(*) as requests by code, vendorStatus',
          'sort requests desc',
        ],
      }),
    ];
  }

  #rotation(): IWidget[] {
    const rotations = Object.entries(this.#props.rotations).flatMap(([name, { lambda }]) => [
      lambda.metricInvocations({ label: `${name}, steps` }),
      lambda.metricErrors({ label: `${name}, failed steps` }),
    ]);
    return [
      graph(8, 'Rotations', rotations),
      graph(
        8,
        'Credentials that do not work',
        this.#metrics({ CredentialsRefused: 'Refused by Begini', CredentialsNotSet: 'Not set' }),
      ),
      graph(
        8,
        'Reading the secret',
        this.#metrics({ SecretRefreshes: 'Reads', StaleServes: 'Requests served with an older reading' }),
      ),
    ];
  }

  /** Results, in a stage that has them. */
  #resultRows(): IWidget[][] {
    const { results } = this.#props;
    if (!results) return [];
    const named = { Results: results.results, Dead: results.dead, 'Set aside': results.setAside };
    const visible = Object.entries(named).map(([label, queue]) =>
      queue.metricApproximateNumberOfMessagesVisible({ label, statistic: 'Maximum' }),
    );
    return [
      [heading('Do results get through?')],
      [
        graph(
          8,
          'Events of Begini',
          this.#metrics({
            ResultsVerified: 'Accepted',
            ResultsSetAside: 'Set aside',
            ResultsRefused: 'Signature refused',
            ResultsUnavailable: 'Not stored (503)',
          }),
        ),
        graph(8, 'Waiting in the queues', visible),
        graph(8, 'Oldest result in the queue, s', [
          results.results.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', label: 'Age' }),
        ]),
      ],
    ];
  }

  /** The metrics that come from log lines, each with its label. */
  #metrics(labels: { [Name in RequestMetric]?: string }, statistic = 'Sum'): IMetric[] {
    const labelled = Object.entries(labels) as [RequestMetric, string][];
    return labelled.map(([name, label]) => this.#props.metrics.metric(name, { label, statistic }));
  }
}

function heading(question: string): IWidget {
  return new TextWidget({ markdown: `## ${question}`, width: fullWidth, height: 1 });
}

function graph(width: number, title: string, left: IMetric[], more: GraphWidgetProps = {}): IWidget {
  return new GraphWidget({ width, height: 7, title, leftYAxis: { min: 0, showUnits: false }, left, ...more });
}

function sum(
  label: string,
  functions: readonly ApiFunction[],
  metricOf: (each: ApiFunction) => IMetric,
): IMetric {
  const prefix = label.toLowerCase().replaceAll(' ', '_');
  return new MathExpression({ label, ...sumOf(prefix, functions.map(metricOf)) });
}
