import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';

/** The sum of several metrics, in the form of a `MathExpression`. */
export type MetricSum = { expression: string; usingMetrics: Record<string, IMetric> };

/**
 * Adds metrics up; one without data counts 0.
 * @param prefix of the names in the expression, which must differ within one alarm or graph; lower case
 */
export function sumOf(prefix: string, metrics: readonly IMetric[]): MetricSum {
  const named = metrics.map((metric, index) => [`${prefix}${index}`, metric] as const);
  return {
    expression: named.map(([name]) => `FILL(${name}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(named),
  };
}
