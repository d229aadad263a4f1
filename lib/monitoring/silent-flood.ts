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

  constructor(scope: Construct, id: string, props: SilentFloodProps) {
    super(scope, id);
    const { metrics, article, meaning, runbookUrl } = props;
    const alarmDescription = describeAlarm(meaning, article, runbookUrl);
    const name = nameAlarm(Stack.of(this).stackName, article);
    const refused = metrics.metric(props.refused, { period: Duration.minutes(15) });
    const succeeded = metrics.metric(props.succeeded, { period: Duration.hours(1) });
    const part = (partId: string, what: string, spec: PartSpec) =>
      new AlarmPart(this, partId, { alarmName: `${name}, ${what}`, alarmDescription, ...spec });
    const many = part('ManyRefused', 'many refusals', { metric: refused, threshold: manyRefused, of: 1 });
    const lately = part('AnsweredLately', 'answered in an hour', { metric: succeeded, threshold: 1, of: 1 });
    const before = part('AnsweredBefore', 'answered in a day', { metric: succeeded, threshold: 1, of: 24 });
    this.alarm = new CompositeAlarm(this, 'Alarm', {
      compositeAlarmName: name,
      alarmDescription,
      alarmRule: AlarmRule.allOf(isRaised(many), AlarmRule.not(isRaised(lately)), isRaised(before)),
    });
  }
}

/** Raised if `datapoints` (1 by default) of the last `of` periods have `threshold` or more. */
export type PartSpec = { metric: IMetric; threshold: number; datapoints?: number; of: number };

/** An alarm that is part of another: it notifies nobody. */
export class AlarmPart extends Alarm {
  constructor(
    scope: Construct,
    id: string,
    {
      alarmName,
      alarmDescription,
      metric,
      threshold,
      datapoints = 1,
      of,
    }: PartSpec & { alarmName: string; alarmDescription: string },
  ) {
    super(scope, id, {
      alarmName,
      alarmDescription: `Part of an alarm, sends no notification. ${alarmDescription}`,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: datapoints,
      evaluationPeriods: of,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

/** For the rule of a composite alarm. */
export const isRaised = (alarm: Alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM);
