type Statement = {
  Effect?: string;
  Principal?: string | Record<string, string | string[]>;
  Action?: string | string[];
  Condition?: object;
};

/**
 * Those of some services that a resource's own policy does not let do something. Denials and the values of conditions
 * are not judged.
 * @param policy its JSON text
 * @param action `sns:Publish`
 * @param mayHaveConditions whether a statement with a condition counts for this service
 */
export function servicesWithout(
  policy: string,
  action: string,
  services: readonly string[],
  mayHaveConditions: (service: string) => boolean = () => true,
): string[] {
  const { Statement = [] } = JSON.parse(policy) as { Statement?: Statement | Statement[] };
  const allows = (statement: Statement, service: string) =>
    statement.Effect === 'Allow' &&
    [statement.Action ?? []].flat().some((pattern) => matches(pattern, action)) &&
    isFor(statement.Principal, service) &&
    (!statement.Condition || mayHaveConditions(service));
  return services.filter((service) => ![Statement].flat().some((statement) => allows(statement, service)));
}

function isFor(principal: Statement['Principal'], service: string): boolean {
  if (typeof principal === 'string') return principal === '*';
  const { AWS = [], Service = [] } = principal ?? {};
  return [AWS].flat().includes('*') || [Service].flat().includes(service);
}

/** `kms:GenerateDataKey*` matches `kms:GenerateDataKey`. */
function matches(pattern: string, action: string): boolean {
  const source = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`, 'i').test(action);
}
