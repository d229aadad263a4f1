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
import type { RequestMetrics } from './request-metrics.ts';
import { describeAlarm, nameAlarm, runbookArticles } from './runbook.ts';

export interface RefusedCallersProps {
  metrics: RequestMetrics;
  runbookUrl: string | undefined;
}

/** Fewer refusals in 15 minutes may be an outsider who tries the URL. */
const manyRefused = 10;

/**
 * Raised if loan apps no longer get through because API Gateway or the firewall refuses them: then no function is
 * called, so no other alarm detects it. It needs many refusals, no answered call in the last hour, and an answered one
 * in the last day: outsiders who try the URL at night, or before a stage is in use, do not raise it.
 */
export class RefusedCallers extends Construct {
  readonly alarm: CompositeAlarm;
  readonly #description: string;

  constructor(scope: Construct, id: string, { metrics, runbookUrl }: RefusedCallersProps) {
    super(scope, id);
    const article = runbookArticles.callersRefused;
    this.#description = describeAlarm(
      `API Gateway or the firewall refused ${manyRefused} or more calls of loan apps in 15 minutes, and no call gets through.`,
      article,
      runbookUrl,
    );
    const name = nameAlarm(Stack.of(this).stackName, article);
    const hour = Duration.hours(1);
    const refused = metrics.metric('CallersRefused', { period: Duration.minutes(15) });
    const answered = metrics.metric('CallersAnswered', { period: hour });
    const many = this.#part('ManyRefused', `${name}, many refusals`, refused, manyRefused, 1);
    const lately = this.#part('AnsweredLately', `${name}, answered in an hour`, answered, 1, 1);
    const before = this.#part('AnsweredBefore', `${name}, answered in a day`, answered, 1, 24);
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
