import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { articlesOf, nameAlarm, runbookArticles, runbookFile } from '../../../lib/monitoring/runbook.ts';
import { environments, resourceOf, templateOf } from '../../support/synthesize.ts';

const alarmEmail = 'on-call@bank.example';
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

describe.each(environments)('the alarms of a %s stage', (environment) => {
  const template = templateOf({ environment, alarmEmail, results: true });
  const alarms = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
    Object.entries(template.findResources(type)).map(([logicalId, { Properties }]) => ({
      logicalId,
      ...Properties,
    })),
  );
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
    const linked = templateOf({ environment, alarmEmail, runbookUrl });
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

  test.each([
    [runbookArticles.credentialsRefused.heading, 'CredentialsRefused', { threshold: 1, periodSeconds: 60 }],
    [runbookArticles.credentialsNotSet.heading, 'CredentialsNotSet', { threshold: 1, periodSeconds: 60 }],
    [runbookArticles.internalErrors.heading, 'InternalErrors', { threshold: 1, periodSeconds: 60 }],
    [runbookArticles.resultsUnavailable.heading, 'ResultsUnavailable', { threshold: 1, periodSeconds: 60 }],
    [runbookArticles.callersThrottled.heading, 'RequestsThrottled', { threshold: 10, periodSeconds: 300 }],
  ])('%s: raised by %s', (article, MetricName, { threshold, periodSeconds }) => {
    expect(notifying.find(({ AlarmName }) => AlarmName.endsWith(article))).toMatchObject({
      Namespace: 'BeginiSession/Demo',
      MetricName,
      Statistic: 'Sum',
      Threshold: threshold,
      Period: periodSeconds,
      DatapointsToAlarm: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
  });

  test.each([
    [runbookArticles.functionErrors.heading, 'Errors'],
    [runbookArticles.functionsThrottled.heading, 'Throttles'],
  ])('%s: raised by one of the %s of the alias', (article, MetricName) => {
    const alarm = notifying.find(({ AlarmName }) => AlarmName.endsWith(article));
    expect(alarm).toMatchObject({ Threshold: 1, DatapointsToAlarm: 1 });
    const metrics = JSON.stringify(alarm?.Metrics);
    expect(metrics).toContain(`"MetricName":"${MetricName}"`);
    expect(metrics.match(/":live"/g)).toHaveLength(4);
  });

  test.each([
    [runbookArticles.rotationFailed.heading, 'RotateCredentials'],
    [runbookArticles.launchKeyRotationFailed.heading, 'LaunchLinksKeyRotate'],
  ])('%s: raised by one failed step of %s', (article, functionId) => {
    const alarm = notifying.find(({ AlarmName }) => AlarmName.endsWith(article));
    const rotate = { Ref: resourceOf(template, 'AWS::Lambda::Function', functionId).logicalId };
    expect(alarm).toMatchObject({
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: rotate }],
      Threshold: 1,
      DatapointsToAlarm: 1,
    });
  });

  test('the table of sessions is unavailable at one request or more in two of three periods of 5 minutes', () => {
    const alarm = notifying.find(({ AlarmName }) =>
      AlarmName.endsWith(runbookArticles.storeUnavailable.heading),
    );
    expect(alarm).toMatchObject({
      MetricName: 'StoreUnavailable',
      Threshold: 1,
      Period: 300,
      DatapointsToAlarm: 2,
      EvaluationPeriods: 3,
    });
  });

  test('there is none on the table, the launch key or results in a stage without them', () => {
    const stage = { resume: false, launchLinks: false, results: false as const };
    const forgetful = templateOf({ environment, alarmEmail, ...stage });
    const names = [
      forgetful.findResources('AWS::CloudWatch::Alarm'),
      forgetful.findResources('AWS::CloudWatch::CompositeAlarm'),
    ]
      .flatMap((alarms) => Object.values(alarms))
      .filter(({ Properties }) => Properties.AlarmActions)
      .map(({ Properties }) => Properties.AlarmName);
    const expected = articlesOf(stage).map((article) => nameAlarm('BeginiSession-Demo', article));
    expect(names.sort()).toEqual(expected.sort());
    for (const part of ['StoreUnavailable', 'SessionsInProgress', 'Results']) {
      expect(JSON.stringify(forgetful)).not.toContain(part);
    }
  });

  const queueId = (idPart: string) =>
    resourceOf(template, 'AWS::SQS::Queue', `ResultsQueues${idPart}`).logicalId;

  test.each([
    [runbookArticles.resultsNotTaken.heading, 3_600],
    [runbookArticles.resultsExpire.heading, 3 * 24 * 3_600],
  ])('%s: raised if the oldest message of the queue is %i s old', (article, Threshold) => {
    expect(notifying.find(({ AlarmName }) => AlarmName.endsWith(article))).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queueId('Results'), 'QueueName'] } }],
      Statistic: 'Maximum',
      Threshold,
    });
  });

  test('one message that is dead or set aside raises the alarm on both queues', () => {
    const alarm = notifying.find(({ AlarmName }) => AlarmName.endsWith(runbookArticles.resultsDead.heading));
    expect(alarm).toMatchObject({
      Threshold: 1,
      Metrics: [{ Expression: 'FILL(waiting0, 0) + FILL(waiting1, 0)' }, {}, {}],
    });
    for (const name of ['Dead', 'SetAside']) expect(JSON.stringify(alarm)).toContain(`"${queueId(name)}"`);
  });

  test('hand-offs are slow at a 95th percentile of 3 seconds for 15 minutes', () => {
    const alarm = notifying.find(({ AlarmName }) => AlarmName.endsWith(runbookArticles.slowHandOffs.heading));
    expect(alarm).toMatchObject({ Threshold: 3000, EvaluationPeriods: 3, DatapointsToAlarm: 3 });
    expect(JSON.stringify(alarm?.Metrics)).toContain('"Period":300,"Stat":"p95"');
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
