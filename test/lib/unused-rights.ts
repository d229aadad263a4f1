import type { AccessRequest, Policies, Principal, Statement } from '../support/policies.ts';

/**
 * Each action on each resource that the principal's policies allow, and that none of its requests uses. The conditions
 * of a statement stay with each of its parts.
 */
export function unusedRights(
  policies: Policies,
  principal: Principal,
  used: readonly AccessRequest[],
): Statement[] {
  const statements = 'statements' in principal ? principal.statements : [];
  const allowed = statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap((statement) =>
      [statement.Action ?? []]
        .flat()
        .flatMap((Action) =>
          [statement.Resource ?? []].flat().map((Resource) => ({ ...statement, Action, Resource })),
        ),
    );
  if (allowed.length === 0) throw new Error('the principal has no rights');
  return allowed.filter(
    (right) =>
      !used.some((request) =>
        policies.allows({ ...request, principal: { ...principal, statements: [right] } }),
      ),
  );
}
