import { Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarmRule,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type Article, describeAlarm, nameAlarm } from './runbook.ts';

export interface ComposedAlarmProps {
  article: Article;
  /** What happens while the alarm is raised. */
  meaning: string;
  runbookUrl: string | undefined;
}

/** Raised if `datapoints` (1 by default) of the last `of` periods have `threshold` or more. */
type PartSpec = { metric: IMetric; threshold: number; datapoints?: number; of: number };

/** Makes an alarm that is part of another and notifies nobody; in a rule, it stands for "is raised". */
type MakePart = (id: string, what: string, spec: PartSpec) => IAlarmRule;

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
    const alarmRule = ruleOf((partId, what, { metric, threshold, datapoints = 1, of }) => {
      const part = new Alarm(this, partId, {
        alarmName: `${name}, ${what}`,
        alarmDescription: `Part of an alarm, sends no notification. ${alarmDescription}`,
        metric,
        threshold,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        datapointsToAlarm: datapoints,
        evaluationPeriods: of,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      return AlarmRule.fromAlarm(part, AlarmState.ALARM);
    });
    this.alarm = new CompositeAlarm(this, 'Alarm', { compositeAlarmName: name, alarmDescription, alarmRule });
  }
}
