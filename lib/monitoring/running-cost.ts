import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { SessionApi } from '../api/session-api.ts';
import type { ApiFunction } from '../lambda/api-function.ts';
import { functionMemoryMiB } from '../lambda/service-function.ts';
import type { SessionTable } from '../session-store/session-table.ts';
import type { Stage } from '../stages/stages.ts';
import { sumOf } from './metric-math.ts';

/** US$ in us-east-1, first tier, without free tiers; lib/README.md, "Cost", has the sources and their date. */
const prices = {
  apiRequest: 3.5e-6,
  lambdaRequest: 0.2e-6,
  lambdaGigabyteSecond: 1.33334e-5,
  logGigabyte: 0.5,
  firewallRequest: 0.6e-6,
  tableWrite: 0.625e-6,
};

/** What is counted. */
export interface RunningCostProps {
  stage: Stage;
  api: SessionApi;
  functions: readonly ApiFunction[];
  /** Absent in a stage that remembers no sessions. */
  sessionTable: SessionTable | undefined;
}

/** What a day's requests cost in US$, by service: one metric each. */
export function dailyCost({ stage, api, functions, sessionTable }: RunningCostProps): IMetric[] {
  const period = Duration.days(1);
  const requests = api.restApi.metricCount({ statistic: 'Sum', period });
  const lambdas = functions.map(({ lambda }) => lambda);
  const durations = lambdas.map((lambda) => lambda.metricDuration({ statistic: 'Sum', period }));
  const invocations = lambdas.map((lambda) => lambda.metricInvocations({ period }));
  const logGroups = [api.accessLog, ...functions.map(({ logGroup }) => logGroup)];
  const ingested = logGroups.map(
    ({ logGroupName }) =>
      new Metric({
        namespace: 'AWS/Logs',
        metricName: 'IncomingBytes',
        dimensionsMap: { LogGroupName: logGroupName },
        statistic: 'Sum',
        period,
      }),
  );
  const gigabytes = functionMemoryMiB / 1024;
  return [
    priced('API Gateway', prices.apiRequest, [requests]),
    priced('Lambda, time', (gigabytes * prices.lambdaGigabyteSecond) / 1000, durations),
    priced('Lambda, requests', prices.lambdaRequest, invocations),
    priced('CloudWatch Logs', prices.logGigabyte / 1e9, ingested),
    // Reads are left out: a function reads once when it starts, and when one request waits for another.
    ...(sessionTable
      ? [
          priced('DynamoDB', prices.tableWrite, [
            sessionTable.table.metricConsumedWriteCapacityUnits({ statistic: 'Sum', period }),
          ]),
        ]
      : []),
    ...(stage.firewall ? [priced('WAF', prices.firewallRequest, [requests])] : []),
  ];
}

function priced(label: string, price: number, metrics: IMetric[]): IMetric {
  const prefix = label.toLowerCase().replaceAll(/[^a-z]/g, '');
  const { expression, usingMetrics } = sumOf(prefix, metrics);
  return new MathExpression({
    label,
    expression: `(${expression}) * ${price.toFixed(18)}`,
    usingMetrics,
    period: Duration.days(1),
  });
}
