import { describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { environments, fullRow, resourceOf, templateOf } from '../../support/templates.ts';

interface Widget {
  type: string;
  x: number;
  y: number;
  width: number;
  height: number;
  properties: { markdown?: string; metrics?: unknown[]; alarms?: unknown[]; region?: string };
}

describe.each(environments)('the dashboard of a %s stage', (environment) => {
  const template = templateOf(fullRow(environment));
  const { DashboardBody } = resourceOf(template, 'AWS::CloudWatch::Dashboard').Properties;
  const parts: unknown[] = Object(DashboardBody)['Fn::Join'][1];
  const { widgets } = JSON.parse(
    parts
      .map((part) => (typeof part === 'string' ? part : Object.values(Object(part)).flat().join('.')))
      .join(''),
  ) as { widgets: Widget[] };

  test("answers an operator's questions from top to bottom", () => {
    const headings = widgets.filter(({ properties }) => properties.markdown?.startsWith('## '));
    expect(headings.map(({ properties }) => properties.markdown)).toEqual([
      '## Are applicants getting through?',
      '## Is it us, the vendor or a caller?',
      '## Is rotation healthy?',
      '## Do results get through?',
    ]);
    const tops = headings.map(({ y }) => y);
    expect(tops).toEqual(tops.toSorted((one, other) => one - other));
    const answers = tops.map((top) => widgets.filter(({ type, y }) => type !== 'text' && y > top).length);
    expect(answers.every((count) => count > 0)).toBe(true);
  });

  test('links to the runbook and the saved queries, and has its URL among the outputs', () => {
    const runbookUrl = 'https://git.bank.example/begini-session/RUNBOOK.md';
    const linked = templateOf({ environment, alarmEmail: 'on-call@bank.example', runbookUrl });
    const body = JSON.stringify(resourceOf(linked, 'AWS::CloudWatch::Dashboard').Properties);
    expect(body).toContain(`[Runbook](${runbookUrl}) | [Saved queries](#logsV2:logs-insights)`);
    expect(JSON.stringify(linked.findOutputs('DashboardUrl'))).toContain(
      '#dashboards/dashboard/BeginiSession-Demo',
    );
  });

  test('counts the errors of the functions by code', () => {
    const [errors, ...others] = widgets.filter(({ type }) => type === 'log');
    expect(others).toEqual([]);
    expect(JSON.stringify(errors)).toContain('stats count(*) as requests by code');
  });

  test('places its widgets side by side, without overlaps, within the page', () => {
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from({ length: width * height }, (_, n) => `${x + (n % width)},${y + Math.floor(n / width)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
  });

  test('shows the state of every alarm that notifies', () => {
    const shown = JSON.stringify(widgets.flatMap(({ properties }) => properties.alarms ?? []));
    const notifying = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
      Object.entries(template.findResources(type)).filter(([, { Properties }]) => Properties.AlarmActions),
    );
    expect(notifying.length).toBeGreaterThan(0);
    for (const [logicalId] of notifying) expect(shown).toContain(`${logicalId}.Arn`);
  });

  test('shows every metric that the stage makes from its log lines', () => {
    const made = Object.values(template.findResources('AWS::Logs::MetricFilter')).map(
      ({ Properties }) => Properties.MetricTransformations[0].MetricName,
    );
    for (const name of made) expect(JSON.stringify(widgets)).toContain(`"BeginiSession/Demo","${name}"`);
  });
});

// A dashboard's name is global in an account: two regions would overwrite each other's.
test('a dashboard is named after the stack and its region', () => {
  const located = templateOf({ environment: 'test', region: 'eu-central-1' });
  const { DashboardName } = resourceOf(located, 'AWS::CloudWatch::Dashboard').Properties;
  expect(DashboardName).toBe('BeginiSession-Demo-eu-central-1');
  expect(located.findOutputs('DashboardUrl')).toEqual({
    DashboardUrl: {
      Value: `https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/${DashboardName}`,
    },
  });
});

test('a dashboard is in the console of the European Sovereign Cloud for a region there', () => {
  const sovereign = templateOf({
    environment: 'test',
    region: 'eusc-de-east-1',
    alarmTopicArn: 'arn:aws-eusc:sns:eusc-de-east-1:123456789012:on-call',
  });
  expect(JSON.stringify(sovereign.findOutputs('DashboardUrl'))).toContain(
    'https://eusc-de-east-1.console.amazonaws-eusc.eu/cloudwatch/',
  );
});

test('a stage without results has no row for them', () => {
  const { DashboardBody } = resourceOf(
    templateOf({ environment: 'test' }),
    'AWS::CloudWatch::Dashboard',
  ).Properties;
  expect(JSON.stringify(DashboardBody)).not.toContain('Results');
});

test('the blocked requests of a firewall are shown if there is one, by the metric that its rules write', () => {
  const guarded = templateOf({ environment: 'test', firewall: true });
  const bodyOf = (template: Template) =>
    JSON.stringify(resourceOf(template, 'AWS::CloudWatch::Dashboard').Properties);
  const { VisibilityConfig } = resourceOf(guarded, 'AWS::WAFv2::WebACL').Properties;
  expect(VisibilityConfig).toMatchObject({ MetricName: 'BeginiSession-Demo' });
  expect(bodyOf(guarded)).toMatch(/BlockedRequests.+WebACL[^,]+,[^,]+BeginiSession-Demo/);
  expect(bodyOf(templateOf({ environment: 'test' }))).not.toContain('BlockedRequests');
});
