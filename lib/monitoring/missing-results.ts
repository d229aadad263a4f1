import { Duration, Stack } from 'aws-cdk-lib';
import { AlarmRule, CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { RequestMetrics } from './request-metrics.ts';
import { describeAlarm, nameAlarm, runbookArticles } from './runbook.ts';
import { AlarmPart, isRaised, type PartSpec } from './silent-flood.ts';

export interface MissingResultsProps {
  metrics: RequestMetrics;
  runbookUrl: string | undefined;
}

/** Of so many applicants one at least finishes, gives up or lets the session expire. */
const manySessions = 20;

/**
 * Raised if applicants are handed over and Begini sends nothing: the URL is not set in the Deployment Centre, or on the
 * other tab. CloudWatch cannot look at a window that ends an hour ago, so sessions of one busy hour count only once that
 * hour is over: either there were sessions in another hour too, or there are none in the latest.
 */
export class MissingResults extends Construct {
  readonly alarm: CompositeAlarm;

  constructor(scope: Construct, id: string, { metrics, runbookUrl }: MissingResultsProps) {
    super(scope, id);
    const article = runbookArticles.noResults;
    const name = nameAlarm(Stack.of(this).stackName, article);
    const meaning = `In a day, ${manySessions} sessions or more were created, and Begini sent no event that verifies.`;
    const alarmDescription = describeAlarm(meaning, article, runbookUrl);
    const day = Duration.days(1);
    const hour = Duration.hours(1);
    const sessions = metrics.metric('SessionsCreated', { period: hour });
    const part = (partId: string, what: string, spec: PartSpec) =>
      new AlarmPart(this, partId, { alarmName: `${name}, ${what}`, alarmDescription, ...spec });
    const many = part('ManySessions', 'many sessions', {
      metric: metrics.metric('SessionsCreated', { period: day }),
      threshold: manySessions,
      of: 1,
    });
    const events = part('AnyEvent', 'an event in a day', {
      metric: metrics.metric('ResultsVerified', { period: hour }),
      threshold: 1,
      of: 24,
    });
    const hours = part('SessionsInHours', 'sessions in two hours', {
      metric: sessions,
      threshold: 1,
      datapoints: 2,
      of: 24,
    });
    const lately = part('SessionsLately', 'sessions in the latest hour', {
      metric: sessions,
      threshold: 1,
      of: 1,
    });
    this.alarm = new CompositeAlarm(this, 'Alarm', {
      compositeAlarmName: name,
      alarmDescription,
      alarmRule: AlarmRule.allOf(
        isRaised(many),
        AlarmRule.not(isRaised(events)),
        AlarmRule.anyOf(isRaised(hours), AlarmRule.not(isRaised(lately))),
      ),
    });
  }
}
