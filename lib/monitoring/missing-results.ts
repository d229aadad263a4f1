import { Duration } from 'aws-cdk-lib';
import { AlarmRule } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { ComposedAlarm } from './composed-alarm.ts';
import type { RequestMetrics } from './request-metrics.ts';
import { runbookArticles } from './runbook.ts';

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
export class MissingResults extends ComposedAlarm {
  constructor(scope: Construct, id: string, { metrics, runbookUrl }: MissingResultsProps) {
    const meaning = `In a day, ${manySessions} sessions or more were created, and Begini sent no event that verifies.`;
    const perHour = { period: Duration.hours(1) };
    const sessions = metrics.metric('SessionsCreated', perHour);
    const ofDay = metrics.metric('SessionsCreated', { period: Duration.days(1) });
    const events = metrics.metric('ResultsVerified', perHour);
    super(scope, id, { article: runbookArticles.noResults, meaning, runbookUrl }, (part) =>
      AlarmRule.allOf(
        part('ManySessions', 'many sessions', { metric: ofDay, threshold: manySessions, of: 1 }),
        AlarmRule.not(part('AnyEvent', 'an event in a day', { metric: events, threshold: 1, of: 24 })),
        AlarmRule.anyOf(
          part('SessionsInHours', 'sessions in two hours', {
            metric: sessions,
            threshold: 1,
            datapoints: 2,
            of: 24,
          }),
          AlarmRule.not(
            part('SessionsLately', 'sessions in the latest hour', { metric: sessions, threshold: 1, of: 1 }),
          ),
        ),
      ),
    );
  }
}
