import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { articlesOf, nameAlarm, runbookArticles, runbookFile } from '../../../lib/monitoring/runbook.ts';
import { environments, fullRow, resourceOf, templateOf } from '../../support/templates.ts';

const runbook = readFileSync(join(import.meta.dirname, '../../..', runbookFile), 'utf8');

/** A metric of an alarm that uses several metrics. */
interface Measured {
  Id: string;
  MetricStat?: { Metric: { MetricName: string } };
}

/** The articles of the runbook, text by heading. */
const articles = new Map(
  runbook
    .split(/^## /m)
    .slice(1)
    .map((article) => {
      const [heading = '', ...text] = article.split('\n');
      return [heading, text.join('\n')];
    }),
);

/** The alarms of a stage, those on metrics first, by their properties. */
const alarmsOf = (template: Template) =>
  ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
    Object.entries(template.findResources(type)).map(([logicalId, { Properties }]) => ({
      logicalId,
      ...Properties,
    })),
  );

describe.each(environments)('the alarms of a %s stage', (environment) => {
  const template = templateOf(fullRow(environment));
  const alarms = alarmsOf(template);
  const notifying = alarms.filter(({ AlarmActions }) => AlarmActions);
  const rule = resourceOf(template, 'AWS::Events::Rule').Properties;
  const descriptions = [...notifying.map(({ AlarmDescription }) => AlarmDescription), rule.Description];
  const articleIn = (description: unknown) =>
    /What to do: \.github\/RUNBOOK\.md, "(.+)"\.$/.exec(String(description))?.[1];

  test('each name an article that exists, no two the same', () => {
    for (const article of descriptions.map(articleIn)) expect([...articles.keys()]).toContain(article);
    expect(new Set(descriptions).size).toBe(descriptions.length);
  });

  test('give the full address of the article if the stage has the address of its runbook', () => {
    const runbookUrl = 'https://git.bank.example/begini-session/RUNBOOK.md';
    const linked = templateOf({ environment, alarmEmail: 'on-call@bank.example', runbookUrl });
    const { AlarmDescription } = resourceOf(linked, 'AWS::CloudWatch::Alarm', 'CredentialsNotSet').Properties;
    expect(AlarmDescription).toMatch(/"\. https:\S+RUNBOOK\.md#the-credentials-are-not-set$/);
    const { Targets } = resourceOf(linked, 'AWS::Events::Rule').Properties;
    expect(JSON.stringify(Targets)).toContain(`${runbookUrl}#the-credentials-were-changed`);
    const composite = resourceOf(linked, 'AWS::CloudWatch::CompositeAlarm', 'FastBurn').Properties;
    expect(composite.AlarmDescription).toContain(`${runbookUrl}#the-error-budget-burns-fast`);
  });

  test('say what they mean before that', () => {
    for (const description of descriptions) expect(description).toMatch(/^\S.{30,}\. What to do: /);
  });

  test('are named after the stack, the urgency and the article, for a readable subject line', () => {
    const severities = Object.values(runbookArticles).map(({ heading, severity }) => [heading, severity]);
    for (const { AlarmName, AlarmDescription } of notifying) {
      const heading = String(articleIn(AlarmDescription));
      expect(AlarmName).toBe(`BeginiSession-Demo ${Object.fromEntries(severities)[heading]}: ${heading}`);
    }
  });

  test('are exactly those that the doctor expects', () => {
    const expected = articlesOf({ resume: true, launchLinks: true, results: {} });
    const names = expected.map((article) => nameAlarm('BeginiSession-Demo', article));
    expect(notifying.map(({ AlarmName }) => AlarmName).sort()).toEqual(names.sort());
  });

  test("notify the stage's topic", () => {
    const topic = { Ref: resourceOf(template, 'AWS::SNS::Topic').logicalId };
    for (const { AlarmActions } of notifying) expect(AlarmActions).toEqual([topic]);
    expect(rule.Targets).toMatchObject([{ Arn: topic }]);
  });

  test('do not treat missing data as a problem', () => {
    const onMetrics = alarms.filter(({ AlarmRule }) => !AlarmRule);
    expect(onMetrics.length).toBeGreaterThan(0);
    for (const { TreatMissingData } of onMetrics) expect(TreatMissingData).toBe('notBreaching');
  });

  const idOf = (type: string, idPart: string) => resourceOf(template, type, idPart).logicalId;
  // For a quarter of an hour after the last failure.
  const atOnce = { Threshold: 1, DatapointsToAlarm: 1, EvaluationPeriods: 15 };
  const ofLines = (MetricName: string, periodSeconds = 60) => ({
    ...atOnce,
    Namespace: 'BeginiSession/Demo',
    MetricName,
    Statistic: 'Sum',
    Period: periodSeconds,
  });
  const failedSteps = (functionId: string) => ({
    ...atOnce,
    MetricName: 'Errors',
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: idOf('AWS::Lambda::Function', functionId) } }],
  });
  const oldestResult = (seconds: number) => ({
    Namespace: 'AWS/SQS',
    MetricName: 'ApproximateAgeOfOldestMessage',
    Dimensions: [
      { Name: 'QueueName', Value: { 'Fn::GetAtt': [idOf('AWS::SQS::Queue', 'QueuesResults'), 'QueueName'] } },
    ],
    Statistic: 'Maximum',
    Threshold: seconds,
    EvaluationPeriods: 1,
  });
  const alarmOn = (article: keyof typeof runbookArticles) =>
    notifying.find(({ AlarmName }) => AlarmName.endsWith(runbookArticles[article].heading));

  test.each([
    ['credentialsRefused', ofLines('CredentialsRefused')],
    ['credentialsNotSet', ofLines('CredentialsNotSet')],
    ['internalErrors', { ...ofLines('InternalErrors'), EvaluationPeriods: 5 }],
    ['resultsUnavailable', ofLines('ResultsUnavailable')],
    ['callersThrottled', { ...ofLines('RequestsThrottled', 300), Threshold: 10, EvaluationPeriods: 1 }],
    // Two periods: a single call that DynamoDB lost is not an outage.
    ['storeUnavailable', { ...ofLines('StoreUnavailable', 300), DatapointsToAlarm: 2, EvaluationPeriods: 3 }],
    ['rotationFailed', failedSteps('RotateCredentials')],
    ['launchKeyRotationFailed', failedSteps('LaunchLinksKeyRotate')],
    ['resultsNotTaken', oldestResult(3_600)],
    ['resultsExpire', oldestResult(3 * 24 * 3_600)],
    [
      'resultsDead',
      {
        ...atOnce,
        EvaluationPeriods: 1,
        Metrics: [{ Expression: 'FILL(waiting0, 0) + FILL(waiting1, 0)' }, {}, {}],
      },
    ],
    ['functionErrors', { ...atOnce, EvaluationPeriods: 5 }],
    ['functionsThrottled', atOnce],
    // A 95th percentile of 3 seconds for 15 minutes.
    ['slowHandOffs', { Threshold: 3000, EvaluationPeriods: 3, DatapointsToAlarm: 3 }],
  ] as const)('%s is raised by %j', (article, expected) => {
    const ComparisonOperator = 'GreaterThanOrEqualToThreshold';
    expect(alarmOn(article)).toMatchObject({ ComparisonOperator, ...expected });
  });

  test.each([
    ['functionErrors', 'Errors'],
    ['functionsThrottled', 'Throttles'],
  ] as const)('%s counts the %s of the alias of each of four functions', (article, MetricName) => {
    const metrics = JSON.stringify(alarmOn(article)?.Metrics);
    expect(metrics).toContain(`"MetricName":"${MetricName}"`);
    expect(metrics.match(/":live"/g)).toHaveLength(4);
  });

  test('hand-offs are measured by their 95th percentile, results by both queues that nobody empties', () => {
    expect(JSON.stringify(alarmOn('slowHandOffs')?.Metrics)).toContain('"Period":300,"Stat":"p95"');
    for (const name of ['QueuesDead', 'QueuesSetAside'])
      expect(JSON.stringify(alarmOn('resultsDead'))).toContain(`"${idOf('AWS::SQS::Queue', name)}"`);
  });

  test('there is none on the table, the launch key or results in a stage without them', () => {
    const stage = { resume: false, launchLinks: false, results: false as const };
    const forgetful = templateOf({ ...fullRow(environment), ...stage });
    const names = alarmsOf(forgetful)
      .filter(({ AlarmActions }) => AlarmActions)
      .map(({ AlarmName }) => AlarmName);
    const expected = articlesOf(stage).map((article) => nameAlarm('BeginiSession-Demo', article));
    expect(names.sort()).toEqual(expected.sort());
    for (const part of ['StoreUnavailable', 'SessionsInProgress', 'Results']) {
      expect(JSON.stringify(forgetful)).not.toContain(part);
    }
  });

  // Of one series, MAX may be a single value, which an alarm cannot have.
  test('with one method, its metric itself; no expression has a list of one', () => {
    const one = templateOf({ environment, launchLinks: false });
    const { Properties } = resourceOf(one, 'AWS::CloudWatch::Alarm', 'SlowHandOffs');
    expect(Properties).toMatchObject({
      Namespace: 'AWS/ApiGateway',
      MetricName: 'Latency',
      ExtendedStatistic: 'p95',
    });
    expect(JSON.stringify(one.toJSON())).not.toMatch(/\(\[\w+\]\)/);
  });

  test.each([
    [runbookArticles.fastBurn.heading, 14.4 * 0.005, [3600, 300]],
    [runbookArticles.slowBurn.heading, 6 * 0.005, [21_600, 1800]],
  ])('%s: more than %d fails in both windows, %j seconds', (article, share, windows) => {
    const composite = notifying.find(({ AlarmName }) => AlarmName.endsWith(article));
    const parts = alarms.filter(
      ({ AlarmName, AlarmActions }) => AlarmName.includes(article) && !AlarmActions,
    );
    const rule = JSON.stringify(composite?.AlarmRule);
    for (const { logicalId } of parts) expect(rule).toContain(`"${logicalId}"`);
    expect(rule).toContain(' AND ');
    expect(parts.map(({ Metrics }) => Metrics[1].MetricStat.Period)).toEqual(windows);
    for (const { Threshold } of parts) expect(Threshold).toBeCloseTo(share);
  });

  const windowAlarms = alarms.filter(({ AlarmName }) =>
    AlarmName.startsWith(`BeginiSession-Demo page: ${runbookArticles.fastBurn.heading},`),
  );

  test('the error budget is the share of 5xx, except session_in_progress, in all answers except 4xx of the two hand-off routes', () => {
    for (const { Metrics } of windowAlarms) {
      const named = Metrics.filter(({ MetricStat }: Measured) => MetricStat).map(
        ({ Id, MetricStat }: Measured) => [Id, MetricStat?.Metric.MetricName],
      );
      expect(Object.fromEntries(named)).toEqual({
        ...{ count0: 'Count', invalid0: '4XXError', failed0: '5XXError' },
        ...{ count1: 'Count', invalid1: '4XXError', failed1: '5XXError' },
        waiting0: 'SessionsInProgress',
      });
      const dimensions = JSON.stringify(Metrics);
      for (const route of ['/sessions', '/launch/{token}']) {
        expect(dimensions).toContain(
          `{"Name":"Method","Value":"POST"},{"Name":"Resource","Value":"${route}"}`,
        );
      }
    }
  });

  test('five failures in the long window, of any number of requests, and one in the short window raise the alarm', () => {
    const sum = (name: string) => `FILL(${name}0, 0) + FILL(${name}1, 0)`;
    const failed = `(${sum('failed')} - FILL(waiting0, 0))`;
    const share = `${failed} / ((${sum('count')}) - (${sum('invalid')}))`;
    expect(windowAlarms.map(({ Metrics }) => Metrics[0].Expression)).toEqual([
      `IF(${failed} >= 5, ${share}, 0)`,
      `IF(${failed} >= 1, ${share}, 0)`,
    ]);
  });
});

test.each(Object.values(runbookArticles))(
  'the article "$heading" says what it means, how urgent it is, where to look, how to fix it and when it is over',
  ({ heading, severity }) => {
    const parts = ['Meaning', 'Urgency', 'Look first', 'Fix', 'Over when'];
    const inOrder = parts.map((part) => `^\\*\\*${part}\\.\\*\\* .+`).join('');
    expect(articles.get(heading)).toMatch(new RegExp(inOrder, 'ms'));
    expect(articles.get(heading)).toMatch(new RegExp(`^\\*\\*Urgency\\.\\*\\* ${severity}`, 'im'));
  },
);

test('alarms of a stage without a receiver are still raised', () => {
  const template = templateOf({ environment: 'test' });
  template.resourcePropertiesCountIs('AWS::CloudWatch::Alarm', { AlarmActions: [] }, 0);
  template.resourceCountIs('AWS::SNS::Topic', 0);
  expect(Object.keys(template.findResources('AWS::CloudWatch::CompositeAlarm'))).not.toEqual([]);
});

/** What CloudWatch bills of a stage: the metrics of its alarms, its composite alarms, the metrics of its log lines. */
function countBilled(row: object) {
  const template = templateOf({ ...fullRow('production'), ...row });
  const propertiesOf = (type: string) =>
    Object.values(template.findResources(type)).map(({ Properties }) => Properties);
  const measured = propertiesOf('AWS::CloudWatch::Alarm').flatMap(
    ({ Metrics = [{ MetricStat: {} }] }): Partial<Measured>[] => Metrics,
  );
  const counted = propertiesOf('AWS::Logs::MetricFilter').map(
    ({ MetricTransformations: [{ MetricName }] }) => MetricName,
  );
  return {
    alarms: measured.filter(({ MetricStat }) => MetricStat).length,
    composite: propertiesOf('AWS::CloudWatch::CompositeAlarm').length,
    metrics: new Set(counted).size,
  };
}

test('lib/README.md counts what CloudWatch bills, and what results add', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../../lib/README.md'), 'utf8');
  const [usual, withResults] = [countBilled({ results: false }), countBilled({})];
  const alarms = withResults.alarms - usual.alarms;
  const composite = withResults.composite - usual.composite;
  for (const text of [
    `alarms: ${usual.alarms} metrics and ${usual.composite} composite ones`,
    `alarms with ${alarms} metrics and ${composite} composite ones`,
    `adds ${usual.metrics} metrics (`,
    `with \`results\` ${withResults.metrics} (`,
  ])
    expect(readme).toContain(text);
});
