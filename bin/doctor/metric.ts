import {
  type CloudWatchClient,
  GetMetricStatisticsCommand,
  type Statistic,
} from '@aws-sdk/client-cloudwatch';

/** What to ask CloudWatch about. */
export type Metric = {
  namespace: string;
  name: string;
  dimensions?: Readonly<Record<string, string>>;
  statistic: Statistic;
  /** How far to look back, and from when; by default from now. */
  seconds: number;
  end?: Date;
};

/** The figures of a metric, one for each five minutes, in no order. */
export async function figuresOf(
  client: CloudWatchClient,
  { namespace, name, dimensions = {}, statistic, seconds, end = new Date() }: Metric,
) {
  const command = new GetMetricStatisticsCommand({
    Namespace: namespace,
    MetricName: name,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    StartTime: new Date(end.getTime() - seconds * 1_000),
    EndTime: end,
    Period: 300,
    Statistics: [statistic],
  });
  return (await client.send(command)).Datapoints ?? [];
}

/** What a metric counted in all that time. */
export async function sumOf(client: CloudWatchClient, metric: Omit<Metric, 'statistic'>): Promise<number> {
  const figures = await figuresOf(client, { ...metric, statistic: 'Sum' });
  return figures.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
}
