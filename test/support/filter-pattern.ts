/** One comparison of a CloudWatch Logs filter pattern for JSON: `$.code = "internal_error"`. */
const comparison = /\$\.(\w+) (=|>|IS) ("[^"*]*"|\d+|TRUE|FALSE)/g;

/**
 * Whether a metric filter counts a log event, for the part of the pattern syntax that the stack uses: an event that is
 * not a JSON object never matches, nor does a missing field or one of another type.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html (November 2026)
 *
 * @throws Error for any other pattern
 */
export function matchesPattern(pattern: string, logEvent: string): boolean {
  const event = parseEvent(logEvent);
  let formula = pattern.replace(comparison, (_whole, field: string, operator: string, literal: string) =>
    holds(event[field], operator, literal) ? 'T' : 'F',
  );
  while (formula.includes('(')) {
    const simpler = formula.replace(/\(([TF&| ]+)\)/, (_whole, inner: string) => truthOf(inner));
    if (simpler === formula) break;
    formula = simpler;
  }
  const [, whole] = /^\{ ([TF&| ]+) \}$/.exec(formula) ?? [];
  if (whole === undefined) throw new Error(`cannot tell what matches ${pattern}`);
  return truthOf(whole) === 'T';
}

function holds(value: unknown, operator: string, literal: string): boolean {
  const expected: unknown = JSON.parse(literal.replace('TRUE', 'true').replace('FALSE', 'false'));
  if (operator === '>') return typeof value === 'number' && value > Number(expected);
  return value === expected;
}

/** The value of comparisons that are joined without brackets: `T && F`. */
function truthOf(formula: string): 'T' | 'F' {
  const isTrue = formula
    .split('||')
    .some((part) => part.split('&&').every((compared) => compared.trim() === 'T'));
  return isTrue ? 'T' : 'F';
}

function parseEvent(logEvent: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(logEvent);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
