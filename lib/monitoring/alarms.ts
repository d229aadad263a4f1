import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, type AlarmBase, type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { SessionApi } from '../api/session-api.ts';
import type { ApiFunction } from '../lambda/api-function.ts';
import type { ServiceFunction } from '../lambda/service-function.ts';
import type { ResultQueues } from '../results/result-queues.ts';
import type { Stage } from '../stages/stages.ts';
import { ErrorBudget } from './error-budget.ts';
import { sumOf } from './metric-math.ts';
import { MissingResults } from './missing-results.ts';
import { type RaisedBy, raisedBy } from './raised-by.ts';
import type { RequestMetric, RequestMetrics } from './request-metrics.ts';
import { type Article, describeAlarm, nameAlarm, runbookArticles } from './runbook.ts';
import { manyRefused, SilentFlood } from './silent-flood.ts';

export interface AlarmsProps {
  stage: Stage;
  metrics: RequestMetrics;
  api: SessionApi;
  /** The functions that answer requests. */
  functions: readonly ApiFunction[];
  rotations: Rotations;
  /** The queues of results, in a stage that has them. */
  results: ResultQueues | undefined;
  topic: ITopic | undefined;
}

/** The functions that rotate the stage's secrets, by the secret that they rotate. */
export type Rotations = Readonly<Partial<Record<keyof typeof rotationAlarms, ServiceFunction>>>;

/** Refusals that look like callers' mistakes, until nobody gets through. */
const silentFloods = [
  {
    id: 'RefusedCallers',
    article: runbookArticles.callersRefused,
    meaning: `API Gateway or the firewall refused ${manyRefused} or more calls of loan apps in 15 minutes, and no call gets through.`,
    refused: 'CallersRefused',
    succeeded: 'CallersAnswered',
  },
  {
    id: 'RefusedApplicants',
    article: runbookArticles.applicantsRefused,
    meaning: `Begini answered 422 to ${manyRefused} or more applicants in 15 minutes, and creates no session.`,
    refused: 'RejectedByVendor',
    succeeded: 'SessionsCreated',
  },
  {
    id: 'InvalidLinks',
    article: runbookArticles.linksInvalid,
    meaning: `${manyRefused} or more launch links in 15 minutes were incomplete or not of this stage, and none opens.`,
    refused: 'LinksInvalid',
    succeeded: 'LinksOpened',
  },
] as const;

/** What a failed rotation means for the stage. */
const rotationAlarms = {
  Credentials: {
    id: 'RotationFailed',
    article: runbookArticles.rotationFailed,
    meaning:
      'A step of the rotation failed, or its deadline came and no new pair was staged; the pair in use stays in use.',
  },
  'Launch key': {
    id: 'LaunchKeyRotationFailed',
    article: runbookArticles.launchKeyRotationFailed,
    meaning: 'A step in the renewal of the launch key failed; links are still made with the current key.',
  },
};

/** An alarm on one metric. Missing data never raises one: at night a stage may have no requests. */
interface AlarmSpec extends RaisedBy {
  meaning: string;
}

const minute = Duration.minutes(1);

/** Raised within a minute or two, and a single alarm while an occasional request keeps failing. */
const onAnyOccurrence = { of: 15 };

/** The same, but over five minutes after the last failure, so that it does not roll back the next deployment. */
const onAnyOccurrenceForRollBack = { of: 5 };

/** An applicant who waits this long for a page thinks that it is broken. Milliseconds, 95th percentile. */
const slowHandOffMs = 3_000;

/** Requests that API Gateway refused in five minutes: fewer are a burst that the caller retries. */
const manyThrottled = 10;

/** The alarms of a stage; each notifies, and names the article of the runbook that says what to do. */
export class Alarms extends Construct {
  /** The alarms that roll back a deployment: failures of our own code, never of the vendor or the credentials. */
  readonly rollBack: readonly Alarm[];
  /** Every alarm that notifies. */
  readonly all: readonly AlarmBase[];
  readonly errorBudget: ErrorBudget;
  readonly #topic: ITopic | undefined;
  readonly #runbookUrl: string | undefined;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { stage, metrics, api, functions, rotations, results, topic } = props;
    this.#topic = topic;
    this.#runbookUrl = stage.runbookUrl;
    this.rollBack = this.#ownFailures(metrics, functions);
    this.errorBudget = new ErrorBudget(this, 'ErrorBudget', {
      runbookUrl: stage.runbookUrl,
      methods: api.handOffMethods,
      apiStage: api.restApi.deploymentStage,
      ...(stage.resume && { inProgress: metrics.metric('SessionsInProgress') }),
    });
    for (const { alarm } of this.errorBudget.alarms) this.#notify(alarm);
    const floods = silentFloods
      .filter(({ refused }) => stage.launchLinks || refused !== 'LinksInvalid')
      .map(
        ({ id, ...flood }) => new SilentFlood(this, id, { ...flood, metrics, runbookUrl: stage.runbookUrl }),
      );
    for (const { alarm } of floods) this.#notify(alarm);
    this.all = [
      ...this.#uselessCredentials(metrics),
      ...this.errorBudget.alarms.map(({ alarm }) => alarm),
      this.#slowHandOffs(api),
      ...floods.map(({ alarm }) => alarm),
      ...this.#throttled(metrics, functions),
      ...this.rollBack,
      ...(stage.resume ? [this.#storeUnavailable(metrics)] : []),
      ...this.#rotationsFailed(rotations),
      ...(results ? this.#results(metrics, results) : []),
    ];
  }

  #uselessCredentials(metrics: RequestMetrics): Alarm[] {
    return [
      this.#add('CredentialsRefused', runbookArticles.credentialsRefused, {
        meaning: 'Begini answered 401 or 403: no applicant gets through until the credentials are fixed.',
        metric: perMinute(metrics, 'CredentialsRefused'),
        ...onAnyOccurrence,
      }),
      this.#add('CredentialsNotSet', runbookArticles.credentialsNotSet, {
        meaning: 'A loan app calls, but the secret of this stage holds no API key and integration id yet.',
        metric: perMinute(metrics, 'CredentialsNotSet'),
        ...onAnyOccurrence,
      }),
    ];
  }

  #slowHandOffs(api: SessionApi): Alarm {
    return this.#add('SlowHandOffs', runbookArticles.slowHandOffs, {
      meaning: `For 15 minutes, one hand-off in twenty has taken ${slowHandOffMs / 1000} seconds or more.`,
      metric: greatestOf(
        'Latency of hand-offs, 95th percentile',
        api.handOffMethods.map((method) =>
          method.metricLatency(api.restApi.deploymentStage, { statistic: 'p95' }),
        ),
      ),
      threshold: slowHandOffMs,
      datapoints: 3,
      of: 3,
    });
  }

  #throttled(metrics: RequestMetrics, functions: readonly ApiFunction[]): Alarm[] {
    return [
      this.#add('CallersThrottled', runbookArticles.callersThrottled, {
        // AWS may not count all of them if they are many ("Monitor REST APIs", developer guide, read November 2026).
        meaning: `API Gateway refused at least ${manyThrottled} requests within five minutes (429).`,
        metric: metrics.metric('RequestsThrottled'),
        threshold: manyThrottled,
      }),
      this.#add('FunctionsThrottled', runbookArticles.functionsThrottled, {
        meaning: 'Lambda refused requests because no concurrency was left: the applicants got an error.',
        metric: sumPerMinute(functions.map(({ live }) => live.metricThrottles({ period: minute }))),
        ...onAnyOccurrence,
      }),
    ];
  }

  #ownFailures(metrics: RequestMetrics, functions: readonly ApiFunction[]): Alarm[] {
    return [
      this.#add('FunctionErrors', runbookArticles.functionErrors, {
        meaning:
          'A function ended without an answer: it crashed, did not start, or ran out of time or memory.',
        metric: sumPerMinute(functions.map(({ live }) => live.metricErrors({ period: minute }))),
        ...onAnyOccurrenceForRollBack,
      }),
      this.#add('InternalErrors', runbookArticles.internalErrors, {
        meaning: 'A request failed with an unexpected error (internal_error).',
        metric: perMinute(metrics, 'InternalErrors'),
        ...onAnyOccurrenceForRollBack,
      }),
    ];
  }

  #storeUnavailable(metrics: RequestMetrics): Alarm {
    return this.#add('StoreUnavailable', runbookArticles.storeUnavailable, {
      meaning:
        'The table of sessions does not answer: applicants get through, but a second tap asks Begini again.',
      metric: metrics.metric('StoreUnavailable'),
      // Two periods of five minutes: a single call that DynamoDB lost is not an outage.
      datapoints: 2,
      of: 3,
    });
  }

  #results(metrics: RequestMetrics, queues: ResultQueues): AlarmBase[] {
    const shared = { metrics, runbookUrl: this.#runbookUrl };
    const { alarm: refused } = new SilentFlood(this, 'ResultsRefused', {
      ...shared,
      meaning: `No key of this stage verified ${manyRefused} or more events of Begini in 15 minutes, and none gets through.`,
      article: runbookArticles.resultsRefused,
      refused: 'ResultsRefused',
      succeeded: 'ResultsVerified',
    });
    const { alarm: missing } = new MissingResults(this, 'MissingResults', shared);
    for (const alarm of [refused, missing]) this.#notify(alarm);
    const age = queues.results.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' });
    const waiting = [queues.dead, queues.setAside].map((queue) =>
      queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
    );
    return [
      refused,
      missing,
      this.#add('ResultsUnavailable', runbookArticles.resultsUnavailable, {
        meaning:
          'A queue did not accept a result (results_unavailable): if Begini does not repeat it, it is lost.',
        metric: perMinute(metrics, 'ResultsUnavailable'),
        ...onAnyOccurrence,
      }),
      this.#add('ResultsNotTaken', runbookArticles.resultsNotTaken, {
        meaning: 'A result has waited in the queue for an hour: no system takes results, or it fails.',
        metric: age,
        threshold: 3_600,
      }),
      this.#add('ResultsExpire', runbookArticles.resultsExpire, {
        meaning: 'A result has waited in the queue for three days; after 14 days Amazon SQS deletes it.',
        metric: age,
        threshold: 3 * 86_400,
      }),
      this.#add('ResultsDead', runbookArticles.resultsDead, {
        meaning: 'A result was received ten times and never deleted, or a signed event was set aside.',
        metric: new MathExpression({ ...sumOf('waiting', waiting), label: 'Dead or set aside' }),
      }),
    ];
  }

  #rotationsFailed(rotations: Rotations): Alarm[] {
    const named = Object.entries(rotations) as [keyof Rotations, ServiceFunction][];
    return named.map(([name, { lambda }]) => {
      const { id, article, meaning } = rotationAlarms[name];
      return this.#add(id, article, {
        meaning,
        metric: lambda.metricErrors({ period: minute }),
        ...onAnyOccurrence,
      });
    });
  }

  #add(id: string, article: Article, { meaning, ...when }: AlarmSpec): Alarm {
    const alarm = new Alarm(this, id, {
      alarmName: nameAlarm(Stack.of(this).stackName, article),
      alarmDescription: describeAlarm(meaning, article, this.#runbookUrl),
      ...raisedBy(when),
    });
    this.#notify(alarm);
    return alarm;
  }

  #notify(alarm: AlarmBase): void {
    if (this.#topic) alarm.addAlarmAction(new SnsAction(this.#topic));
  }
}

/** One metric as it is: CloudWatch documents `MAX` of several only, and of one it could be a single value, not a series. */
function greatestOf(label: string, metrics: readonly IMetric[]): IMetric {
  const [only, ...others] = metrics;
  if (only && others.length === 0) return only;
  const named = metrics.map((metric, index) => [`latency${index}`, metric] as const);
  return new MathExpression({
    expression: `MAX([${named.map(([name]) => name).join(', ')}])`,
    usingMetrics: Object.fromEntries(named),
    label,
  });
}

function perMinute(metrics: RequestMetrics, name: RequestMetric): IMetric {
  return metrics.metric(name, { period: minute });
}

function sumPerMinute(metrics: IMetric[]): MathExpression {
  return new MathExpression({ ...sumOf('m', metrics), period: minute });
}
