import { ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';

/** When an alarm on a metric is raised. */
export interface RaisedBy {
  metric: IMetric;
  /** The alarm is raised at this value and above. */
  threshold?: number;
  /** Raised by `datapoints` of the last `of` periods, and over when there are fewer. All are 1 by default. */
  datapoints?: number;
  of?: number;
}

/** The properties of an alarm for which missing data is no problem. */
export const raisedBy = ({ metric, threshold = 1, datapoints = 1, of = 1 }: RaisedBy) => ({
  metric,
  threshold,
  comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  datapointsToAlarm: datapoints,
  evaluationPeriods: of,
  treatMissingData: TreatMissingData.NOT_BREACHING,
});
