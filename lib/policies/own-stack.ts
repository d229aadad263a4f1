import { Stack, Token, Validations } from 'aws-cdk-lib';
import { type ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** Lets a command describe the stack that `scope` is in. By its name, because the command knows only that. */
export function describeOwnStack(scope: Construct): PolicyStatement {
  const stack = Stack.of(scope);
  const resourceName = `${stack.stackName}/*`;
  return new PolicyStatement({
    actions: ['cloudformation:DescribeStacks'],
    resources: [stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName })],
  });
}

/** Acknowledges what the policy scan finds in a policy with that statement. */
export function acknowledgeOwnStack(policy: ManagedPolicy): void {
  const stack = Stack.of(policy);
  Validations.of(policy).acknowledge({
    id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:cloudformation:${regionAndAccount(stack)}:stack/${stack.stackName}/*]`,
    reason: 'One stack: the wildcard stands for its id, which is unknown before the deployment.',
  });
}

/** Region and account in the form of the policy scan: the row's, or CloudFormation's names for them. */
function regionAndAccount({ region, account }: Stack): string {
  const written = (value: string, name: string) => (Token.isUnresolved(value) ? `<AWS::${name}>` : value);
  return `${written(region, 'Region')}:${written(account, 'AccountId')}`;
}
