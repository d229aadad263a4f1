/** One comparison of a CloudWatch Logs filter pattern for JSON: `{ $.code = "internal_error" }`. */
const patternSyntax = /^\{ \$\.(\w+) (=|>|IS) ("[^"*]*"|\d+|TRUE|FALSE) \}$/;

/**
 * Whether a metric filter counts a log event, for the part of the pattern syntax that the stack uses: an event that is
 * no JSON object never matches, a field that is missing or of another type neither.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html (November 2026)
 *
 * @throws Error for a pattern beyond that part
 */
export function matchesPattern(pattern: string, logEvent: string): boolean {
  const [, field, operator, literal] = patternSyntax.exec(pattern) ?? [];
  if (field === undefined || operator === undefined || literal === undefined) {
    throw new Error(`cannot tell what matches ${pattern}`);
  }
  const value = parseEvent(logEvent)[field];
  const expected: unknown = JSON.parse(
    literal.toLowerCase() === 'true' ? 'true' : literal.replace(/^FALSE$/, 'false'),
  );
  if (operator === '>') return typeof value === 'number' && value > Number(expected);
  return value === expected;
}

function parseEvent(logEvent: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(logEvent);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
