import { Duration, Stack } from 'aws-cdk-lib';
import type { Stage as ApiStage, Method } from 'aws-cdk-lib/aws-apigateway';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  CompositeAlarm,
  MathExpression,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { sumOf } from './metric-math.ts';
import { type Article, describeAlarm, nameAlarm, runbookArticles } from './runbook.ts';

/** 99.5 % of valid requests over 30 days get their session. */
export const errorBudget = 0.005;

/** Fewer failures in a long window are not worth waking anyone, even if there were few requests. */
const fewestFailures = 5;

/**
 * A burn rate of 1 uses up the budget in exactly 30 days. These use 2 % of it in an hour and 5 % in six hours; the
 * short window ends the alarm soon after the failures end. The numbers are those of table 5-8 in "The Site Reliability
 * Workbook", chapter 5 (read November 2026).
 */
const burns = [
  {
    id: 'FastBurn',
    article: runbookArticles.fastBurn,
    burnRate: 14.4,
    windows: [Duration.hours(1), Duration.minutes(5)],
    meaning: 'Hand-offs fail at a rate that uses up the error budget of 30 days within 2 days.',
  },
  {
    id: 'SlowBurn',
    article: runbookArticles.slowBurn,
    burnRate: 6,
    windows: [Duration.hours(6), Duration.minutes(30)],
    meaning: 'Hand-offs fail at a rate that uses up the error budget of 30 days within 5 days.',
  },
] as const;

export interface ErrorBudgetProps {
  methods: readonly Method[];
  apiStage: ApiStage;
  runbookUrl?: string | undefined;
  /**
   * Requests that were answered by `session_in_progress`, a 503 that is not a failure: another request hands the
   * applicant over.
   */
  inProgress?: Metric;
}

/**
 * The objective for hand-offs and its alarms. It counts what API Gateway answered, so that a function which crashes or
 * is throttled counts too. A 4xx is a mistake of the caller, or the vendor's decision on this applicant: such a request
 * was not valid.
 */
export class ErrorBudget extends Construct {
  readonly alarms: readonly { alarm: CompositeAlarm; article: Article }[];
  readonly #props: ErrorBudgetProps;

  constructor(scope: Construct, id: string, props: ErrorBudgetProps) {
    super(scope, id);
    this.#props = props;
    this.alarms = burns.map(({ id, article, burnRate, windows, meaning }) => {
      const name = nameAlarm(Stack.of(this).stackName, article);
      const description = describeAlarm(meaning, article, props.runbookUrl);
      const ofWindows = windows.map((window, index) =>
        this.#windowAlarm(`${id}${window.toMinutes()}Minutes`, {
          name,
          description,
          threshold: burnRate * errorBudget,
          window,
          failures: index === 0 ? fewestFailures : 1,
        }),
      );
      const alarm = new CompositeAlarm(this, id, {
        compositeAlarmName: name,
        alarmDescription: description,
        alarmRule: AlarmRule.allOf(...ofWindows.map((part) => AlarmRule.fromAlarm(part, AlarmState.ALARM))),
      });
      return { alarm, article };
    });
  }

  /** Failed hand-offs as a share, 0 to 1, of the valid ones in a period; 0 if fewer than `atLeast` failed. */
  failureRate(period: Duration, atLeast = 1): MathExpression {
    const { methods, apiStage, inProgress } = this.#props;
    const sum = (name: string, metricOf: (method: Method) => Metric) => sumOf(name, methods.map(metricOf));
    const options = { statistic: 'Sum', period };
    const sums = {
      count: sum('count', (method) => method.metricCount(apiStage, options)),
      invalid: sum('invalid', (method) => method.metricClientError(apiStage, options)),
      failed: sum('failed', (method) => method.metricServerError(apiStage, options)),
      ...(inProgress && { waiting: sumOf('waiting', [inProgress.with({ period })]) }),
    };
    const failed = `(${sums.failed.expression}${sums.waiting ? ` - ${sums.waiting.expression}` : ''})`;
    const valid = `((${sums.count.expression}) - (${sums.invalid.expression}))`;
    return new MathExpression({
      expression: `IF(${failed} >= ${atLeast}, ${failed} / ${valid}, 0)`,
      usingMetrics: Object.assign({}, ...Object.values(sums).map(({ usingMetrics }) => usingMetrics)),
      label: 'Failed hand-offs, share of the valid ones',
      period,
    });
  }

  #windowAlarm(
    id: string,
    options: { name: string; description: string; threshold: number; window: Duration; failures: number },
  ): Alarm {
    const { name, description, threshold, window, failures } = options;
    return new Alarm(this, id, {
      alarmName: `${name}, over ${window.toMinutes()} minutes`,
      alarmDescription: `Part of an alarm, sends no notification. ${description}`,
      metric: this.failureRate(window, failures),
      threshold,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
