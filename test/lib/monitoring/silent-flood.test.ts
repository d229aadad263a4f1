import { describe, expect, test } from '@jest/globals';
import { environments, fullRow, resourceOf, templateOf } from '../../support/templates.ts';

const floods = [
  ['RefusedCallers', 'CallersRefused', 'CallersAnswered', 'ticket: Callers are refused'],
  ['RefusedApplicants', 'RejectedByVendor', 'SessionsCreated', 'page: Begini refuses every applicant'],
  // A stranger can raise it: nobody is woken.
  ['InvalidLinks', 'LinksInvalid', 'LinksOpened', 'ticket: Launch links do not open'],
  ['ResultsRefused', 'ResultsRefused', 'ResultsVerified', 'page: Results are refused'],
] as const;

describe.each(environments.flatMap((environment) => floods.map((flood) => [environment, ...flood] as const)))(
  'the alarm of a %s stage: %s',
  (environment, id, refused, succeeded, name) => {
    const template = templateOf(fullRow(environment));
    const part = (idPart: string) => resourceOf(template, 'AWS::CloudWatch::Alarm', `${id}${idPart}`);
    const alarm = resourceOf(template, 'AWS::CloudWatch::CompositeAlarm', id);

    test.each([
      ['ManyRefused', refused, { Threshold: 10, Period: 900, EvaluationPeriods: 1 }],
      ['AnsweredLately', succeeded, { Threshold: 1, Period: 3_600, EvaluationPeriods: 1 }],
      ['AnsweredBefore', succeeded, { Threshold: 1, Period: 3_600, EvaluationPeriods: 24 }],
    ])('%s watches %s', (idPart, MetricName, numbers) => {
      expect(part(idPart).Properties).toMatchObject({
        ...numbers,
        MetricName,
        Statistic: 'Sum',
        DatapointsToAlarm: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      });
    });

    test('is raised by many refusals, no success in the last hour and one in the last day', () => {
      const [many, lately, before] = ['ManyRefused', 'AnsweredLately', 'AnsweredBefore'].map(
        (idPart) => part(idPart).logicalId,
      );
      expect(ruleOf(alarm.Properties)).toBe(
        `(ALARM("${many}") AND (NOT (ALARM("${lately}"))) AND ALARM("${before}"))`,
      );
    });

    test('notifies under its own urgency, and its parts do not', () => {
      expect(alarm.Properties.AlarmName).toBe(`BeginiSession-Demo ${name}`);
      expect(alarm.Properties.AlarmActions).toHaveLength(1);
      for (const idPart of ['ManyRefused', 'AnsweredLately', 'AnsweredBefore']) {
        expect(part(idPart).Properties.AlarmActions).toBeUndefined();
      }
    });
  },
);

test('a stage without launch links has no alarm about them', () => {
  const { Resources } = templateOf({ environment: 'test', launchLinks: false }).toJSON();
  expect(Object.keys(Resources).filter((id) => id.includes('InvalidLinks'))).toEqual([]);
});

describe.each(environments)('the alarm on missing results of a %s stage', (environment) => {
  const template = templateOf(fullRow(environment));
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
