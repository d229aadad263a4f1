import { describe, expect, test } from '@jest/globals';
import { environments, resourceOf, templateOf } from '../../support/synthesize.ts';

describe.each(environments)('the alarm on refused loan apps of a %s stage', (environment) => {
  const template = templateOf({ environment, alarmEmail: 'on-call@bank.example' });
  const part = (idPart: string) => resourceOf(template, 'AWS::CloudWatch::Alarm', `RefusedCallers${idPart}`);
  const alarm = resourceOf(template, 'AWS::CloudWatch::CompositeAlarm', 'RefusedCallers');

  test.each([
    ['ManyRefused', 'CallersRefused', { Threshold: 10, Period: 900, EvaluationPeriods: 1 }],
    ['AnsweredLately', 'CallersAnswered', { Threshold: 1, Period: 3_600, EvaluationPeriods: 1 }],
    ['AnsweredBefore', 'CallersAnswered', { Threshold: 1, Period: 3_600, EvaluationPeriods: 24 }],
  ])('%s watches %s', (idPart, MetricName, numbers) => {
    expect(part(idPart).Properties).toMatchObject({
      ...numbers,
      MetricName,
      Statistic: 'Sum',
      DatapointsToAlarm: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
  });

  test('is raised by many refusals, no answered call in the last hour and one in the last day', () => {
    const parts: unknown[] = Object(alarm.Properties.AlarmRule)['Fn::Join'][1];
    const rule = parts
      .map((item) => (typeof item === 'string' ? item : Object(item)['Fn::GetAtt'][0]))
      .join('');
    const [many, lately, before] = ['ManyRefused', 'AnsweredLately', 'AnsweredBefore'].map(
      (idPart) => part(idPart).logicalId,
    );
    expect(rule).toBe(`(ALARM("${many}") AND (NOT (ALARM("${lately}"))) AND ALARM("${before}"))`);
  });

  test('is a ticket, and its parts send no notification', () => {
    expect(alarm.Properties.AlarmName).toBe('BeginiSession-Demo ticket: Callers are refused');
    expect(alarm.Properties.AlarmActions).toHaveLength(1);
    for (const idPart of ['ManyRefused', 'AnsweredLately', 'AnsweredBefore']) {
      expect(part(idPart).Properties.AlarmActions).toBeUndefined();
    }
  });
});
