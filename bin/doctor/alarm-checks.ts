import { type CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { articlesOf, nameAlarm } from '../../lib/monitoring/runbook.ts';
import type { Stage } from '../../lib/stages/stages.ts';
import type { Check } from './check.ts';

/** Whether the stage has its alarms, and what they say now. */
export function alarmCheck(
  client: CloudWatchClient,
  stage: Pick<Stage, 'resume' | 'launchLinks' | 'results'>,
  stackName: string,
): Check {
  return {
    group: 'alarms',
    name: 'every alarm exists, and none is raised',
    action: 'cloudwatch:DescribeAlarms',
    async run() {
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
      const headingsOf = (some: typeof expected) => some.map(({ heading }) => heading);

      const missing = expected.filter(({ alarm }) => !alarm);
      if (missing.length > 0) return { code: 'alarms_missing', headings: headingsOf(missing) };
      const raised = expected.filter(({ alarm }) => alarm?.StateValue === 'ALARM');
      if (raised.length > 0) {
        const isUrgent = raised.some(({ severity }) => severity === 'page');
        return { code: 'alarms_raised', headings: headingsOf(raised), isUrgent };
      }
      const disabled = expected.filter(({ alarm }) => alarm?.ActionsEnabled === false);
      if (disabled.length > 0) return { code: 'alarms_disabled', headings: headingsOf(disabled) };
      return { code: 'alarms_quiet', count: expected.length };
    },
  };
}
