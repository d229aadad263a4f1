import { Duration } from 'aws-cdk-lib';
import { AlarmRule } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { ComposedAlarm, type ComposedAlarmProps } from './composed-alarm.ts';
import type { RequestMetric, RequestMetrics } from './request-metrics.ts';

export interface SilentFloodProps extends ComposedAlarmProps {
  metrics: RequestMetrics;
  /** Counts what is refused, and what succeeds. */
  refused: RequestMetric;
  succeeded: RequestMetric;
}

/** Fewer refusals in 15 minutes may be a single caller's mistake, or an outsider who tries the URL. */
export const manyRefused = 10;

/**
 * Raised if everybody is refused by an answer that is no failure of the service, so that no other alarm detects it. It
 * needs many refusals, no success in the last hour, and one in the last day: outsiders who try the URL at night, or
 * before a stage is in use, do not raise it.
 */
export class SilentFlood extends ComposedAlarm {
  constructor(scope: Construct, id: string, props: SilentFloodProps) {
    const { metrics } = props;
    const refused = metrics.metric(props.refused, { period: Duration.minutes(15) });
    const succeeded = metrics.metric(props.succeeded, { period: Duration.hours(1) });
    super(scope, id, props, (part) =>
      AlarmRule.allOf(
        part('ManyRefused', 'many refusals', { metric: refused, threshold: manyRefused, of: 1 }),
        AlarmRule.not(
          part('AnsweredLately', 'answered in an hour', { metric: succeeded, threshold: 1, of: 1 }),
        ),
        part('AnsweredBefore', 'answered in a day', { metric: succeeded, threshold: 1, of: 24 }),
      ),
    );
  }
}
