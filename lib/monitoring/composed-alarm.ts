import { Stack } from 'aws-cdk-lib';
import { Alarm, AlarmRule, AlarmState, CompositeAlarm, type IAlarmRule } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type RaisedBy, raisedBy } from './raised-by.ts';
import { type Article, describeAlarm, nameAlarm } from './runbook.ts';

export interface ComposedAlarmProps {
  article: Article;
  /** What happens while the alarm is raised. */
  meaning: string;
  runbookUrl: string | undefined;
}

/** Makes an alarm that is part of another and notifies nobody; in a rule, it stands for "is raised". */
type MakePart = (id: string, what: string, when: RaisedBy) => IAlarmRule;

/** An alarm that is raised by a rule on other alarms, its parts. */
export class ComposedAlarm extends Construct {
  readonly alarm: CompositeAlarm;

  constructor(
    scope: Construct,
    id: string,
    { article, meaning, runbookUrl }: ComposedAlarmProps,
    ruleOf: (part: MakePart) => IAlarmRule,
  ) {
    super(scope, id);
    const name = nameAlarm(Stack.of(this).stackName, article);
    const alarmDescription = describeAlarm(meaning, article, runbookUrl);
    const alarmRule = ruleOf((partId, what, when) => {
      const part = new Alarm(this, partId, {
        alarmName: `${name}, ${what}`,
        alarmDescription: `Part of an alarm, sends no notification. ${alarmDescription}`,
        ...raisedBy(when),
      });
      return AlarmRule.fromAlarm(part, AlarmState.ALARM);
    });
    this.alarm = new CompositeAlarm(this, 'Alarm', { compositeAlarmName: name, alarmDescription, alarmRule });
  }
}
