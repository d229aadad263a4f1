import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { RequestMetric, RequestMetrics } from './request-metrics.ts';
import { type Article, describeAlarm, nameAlarm } from './runbook.ts';

export interface SilentFloodProps {
  metrics: RequestMetrics;
  article: Article;
  /** What happens to all calls while the alarm is raised. */
  meaning: string;
  /** Counts what is refused, and what succeeds. */
  refused: RequestMetric;
  succeeded: RequestMetric;
  runbookUrl: string | undefined;
}

/** Fewer refusals in 15 minutes may be a single caller's mistake, or an outsider who tries the URL. */
export const manyRefused = 10;

/**
 * Raised if everybody is refused by an answer that is no failure of the service, so that no other alarm detects it. It
 * needs many refusals, no success in the last hour, and one in the last day: outsiders who try the URL at night, or
 * before a stage is in use, do not raise it.
 */
export class SilentFlood extends Construct {
  readonly alarm: CompositeAlarm;
  readonly #description: string;

  constructor(scope: Construct, id: string, props: SilentFloodProps) {
    super(scope, id);
    const { metrics, article, meaning, refused, succeeded, runbookUrl } = props;
    this.#description = describeAlarm(meaning, article, runbookUrl);
    const name = nameAlarm(Stack.of(this).stackName, article);
    const inQuarter = metrics.metric(refused, { period: Duration.minutes(15) });
    const inHour = metrics.metric(succeeded, { period: Duration.hours(1) });
    const many = this.#part('ManyRefused', `${name}, many refusals`, inQuarter, manyRefused, 1);
    const lately = this.#part('AnsweredLately', `${name}, answered in an hour`, inHour, 1, 1);
    const before = this.#part('AnsweredBefore', `${name}, answered in a day`, inHour, 1, 24);
    const isRaised = (alarm: Alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM);
    this.alarm = new CompositeAlarm(this, 'Alarm', {
      compositeAlarmName: name,
      alarmDescription: this.#description,
      alarmRule: AlarmRule.allOf(isRaised(many), AlarmRule.not(isRaised(lately)), isRaised(before)),
    });
  }

  /** Raised if one of the last `periods` has `threshold` or more. */
  #part(id: string, alarmName: string, metric: IMetric, threshold: number, periods: number): Alarm {
    return new Alarm(this, id, {
      alarmName,
      alarmDescription: `Part of an alarm, sends no notification. ${this.#description}`,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: 1,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
