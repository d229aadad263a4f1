import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';

/**
 * Adds metrics up, in the form of a `MathExpression`; one without data counts 0.
 * @param prefix of the names in the expression, which must differ within one alarm or graph; lower case
 */
export function sumOf(prefix: string, metrics: readonly IMetric[]) {
  const named = metrics.map((metric, index) => [`${prefix}${index}`, metric] as const);
  return {
    expression: named.map(([name]) => `FILL(${name}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(named),
  };
}
