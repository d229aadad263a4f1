import { describe, expect, test } from '@jest/globals';
import { environments, resourceOf, templateOf } from '../../support/synthesize.ts';

describe.each(
  environments.flatMap((environment) => [
    { environment, id: 'RefusedCallers', metric: 'Callers', answered: 'Answered', name: 'ticket: Callers' },
    { environment, id: 'ResultsRefused', metric: 'Results', answered: 'Verified', name: 'page: Results' },
  ]),
)('the alarm $id of a $environment stage', ({ environment, id, metric, answered, name }) => {
  const template = templateOf({ environment, alarmEmail: 'on-call@bank.example', results: true });
  const part = (idPart: string) => resourceOf(template, 'AWS::CloudWatch::Alarm', `${id}${idPart}`);
  const alarm = resourceOf(template, 'AWS::CloudWatch::CompositeAlarm', id);

  test.each([
    ['ManyRefused', 'Refused', { Threshold: 10, Period: 900, EvaluationPeriods: 1 }],
    ['AnsweredLately', answered, { Threshold: 1, Period: 3_600, EvaluationPeriods: 1 }],
    ['AnsweredBefore', answered, { Threshold: 1, Period: 3_600, EvaluationPeriods: 24 }],
  ])('%s watches %s', (idPart, what, numbers) => {
    expect(part(idPart).Properties).toMatchObject({
      ...numbers,
      MetricName: `${metric}${what}`,
      Statistic: 'Sum',
      DatapointsToAlarm: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
  });

  test('is raised by many refusals, no answered call in the last hour and one in the last day', () => {
    const [many, lately, before] = ['ManyRefused', 'AnsweredLately', 'AnsweredBefore'].map(
      (idPart) => part(idPart).logicalId,
    );
    expect(ruleOf(alarm.Properties)).toBe(
      `(ALARM("${many}") AND (NOT (ALARM("${lately}"))) AND ALARM("${before}"))`,
    );
  });

  test('notifies, and its parts send no notification', () => {
    expect(alarm.Properties.AlarmName).toBe(`BeginiSession-Demo ${name} are refused`);
    expect(alarm.Properties.AlarmActions).toHaveLength(1);
    for (const idPart of ['ManyRefused', 'AnsweredLately', 'AnsweredBefore']) {
      expect(part(idPart).Properties.AlarmActions).toBeUndefined();
    }
  });
});

describe.each(environments)('the alarm on missing results of a %s stage', (environment) => {
  const template = templateOf({ environment, alarmEmail: 'on-call@bank.example', results: true });
  const part = (idPart: string) => resourceOf(template, 'AWS::CloudWatch::Alarm', `MissingResults${idPart}`);

  test.each([
    ['ManySessions', 'SessionsCreated', { Threshold: 20, Period: 86_400, EvaluationPeriods: 1 }],
    ['AnyEvent', 'ResultsVerified', { Threshold: 1, Period: 3_600, EvaluationPeriods: 24 }],
    ['SessionsInHours', 'SessionsCreated', { Period: 3_600, EvaluationPeriods: 24, DatapointsToAlarm: 2 }],
    ['SessionsLately', 'SessionsCreated', { Threshold: 1, Period: 3_600, EvaluationPeriods: 1 }],
  ])('%s watches %s', (idPart, MetricName, numbers) => {
    expect(part(idPart).Properties).toMatchObject({ ...numbers, MetricName, Statistic: 'Sum' });
  });

  test('is raised by many sessions and no event in a day, unless all sessions are of the latest hour', () => {
    const { Properties } = resourceOf(template, 'AWS::CloudWatch::CompositeAlarm', 'MissingResults');
    const [many, event, hours, lately] = [
      'ManySessions',
      'AnyEvent',
      'SessionsInHours',
      'SessionsLately',
    ].map((idPart) => part(idPart).logicalId);
    expect(ruleOf(Properties)).toBe(
      `(ALARM("${many}") AND (NOT (ALARM("${event}"))) AND (ALARM("${hours}") OR (NOT (ALARM("${lately}")))))`,
    );
  });
});

/** The rule of a composite alarm, with logical ids instead of ARNs. */
function ruleOf({ AlarmRule }: { AlarmRule?: unknown }): string {
  const parts: unknown[] = Object(AlarmRule)['Fn::Join'][1];
  return parts.map((item) => (typeof item === 'string' ? item : Object(item)['Fn::GetAtt'][0])).join('');
}
