import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { accountId, Policies } from './policies.ts';

const guide = readFileSync(join(import.meta.dirname, '../../lib/README.md'), 'utf8');

/** The trust policy that the guide shows for a loan app outside AWS. */
function trustPolicy(): unknown {
  const [, section = ''] = guide.split(/^## Loan apps outside AWS$/m);
  const [, json = ''] = /^```json\n(\{\n {2}"Version".*?)^```$/ms.exec(section) ?? [];
  return JSON.parse(json);
}

const properties = { AssumeRolePolicyDocument: trustPolicy() };
const policies = new Policies(
  Template.fromJSON({ Resources: { LoanApp: { Type: 'AWS::IAM::Role', Properties: properties } } }),
);

/** The role of the guide's loan app, which runs in a Kubernetes cluster. */
export const loanAppRole = {
  arn: `arn:aws:iam::${accountId}:role/LoanApp`,
  /** The host of the issuer that is registered in IAM, and the audience that is registered for it. */
  issuer: 'oidc.cluster.bank.example',
  audience: 'sts.amazonaws.com',
  subject: 'system:serviceaccount:loans:loan-app',
};

/** Whether the guide's trust policy gives the role to a token of this issuer with these claims. */
export function mayAssumeLoanAppRole(
  claims: { aud?: string; sub?: string },
  issuer = loanAppRole.issuer,
): boolean {
  return policies.allows({
    principal: { federated: `arn:aws:iam::${accountId}:oidc-provider/${issuer}` },
    action: 'sts:AssumeRoleWithWebIdentity',
    resource: loanAppRole.arn,
    context: Object.fromEntries(Object.entries(claims).map(([name, value]) => [`${issuer}:${name}`, value])),
  });
}
