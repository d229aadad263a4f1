import { type CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { articlesOf, nameAlarm, runbookFile } from '../../lib/monitoring/runbook.ts';
import type { Stage } from '../../lib/stages/stages.ts';
import { type Check, type Commands, ok, type Result, toDo, wrong } from './check.ts';

/** Whether the stage has its alarms, and what they say now. */
export function alarmCheck(
  client: CloudWatchClient,
  stage: Pick<Stage, 'resume' | 'launchLinks'>,
  stackName: string,
  commands: Commands,
): Check {
  return {
    group: 'who is told',
    name: 'every alarm exists, and none is raised',
    action: 'cloudwatch:DescribeAlarms',
    run: () => checkAlarms(client, stage, stackName, commands),
  };
}

/** A line that names all of them is not read. */
const mostQuoted = 3;

async function checkAlarms(
  client: CloudWatchClient,
  stage: Pick<Stage, 'resume' | 'launchLinks'>,
  stackName: string,
  { deploy }: Commands,
): Promise<Result> {
  // Without AlarmTypes, CloudWatch leaves composite alarms out ("DescribeAlarms", API reference, read November 2026).
  const command = new DescribeAlarmsCommand({
    AlarmNamePrefix: `${stackName} `,
    AlarmTypes: ['CompositeAlarm', 'MetricAlarm'],
    MaxRecords: 100,
  });
  const { MetricAlarms = [], CompositeAlarms = [] } = await client.send(command);
  const alarms = new Map([...MetricAlarms, ...CompositeAlarms].map((alarm) => [alarm.AlarmName, alarm]));
  const expected = articlesOf(stage).map((article) => ({
    ...article,
    alarm: alarms.get(nameAlarm(stackName, article)),
  }));
  const quoted = (some: typeof expected) => {
    const shown = some.slice(0, mostQuoted).map(({ heading }) => `"${heading}"`);
    const others = some.length - shown.length;
    return `${shown.join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
  };

  const missing = expected.filter(({ alarm }) => !alarm);
  if (missing.length > 0) return wrong(`missing: ${quoted(missing)}`, deploy);
  const raised = expected.filter(({ alarm }) => alarm?.StateValue === 'ALARM');
  if (raised.length > 0) {
    const result = raised.some(({ severity }) => severity === 'page') ? wrong : toDo;
    return result(`raised: ${quoted(raised)}`, `Read the article of that name in ${runbookFile}.`);
  }
  const silenced = expected.filter(({ alarm }) => alarm?.ActionsEnabled === false);
  if (silenced.length > 0) {
    return toDo(
      `tell nobody: ${quoted(silenced)}`,
      'CloudWatch → All alarms → the alarm → Actions → Alarm actions: Enable.',
    );
  }
  return ok(`${expected.length} alarms, all quiet`);
}
