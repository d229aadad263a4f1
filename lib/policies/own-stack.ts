import { Stack, Token, Validations } from 'aws-cdk-lib';
import { type ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * Lets a command describe the stack that `scope` is in. By its name, because the command knows only that.
 * @param more actions on the stack
 */
export function describeOwnStack(scope: Construct, ...more: string[]): PolicyStatement {
  const stack = Stack.of(scope);
  const resourceName = `${stack.stackName}/*`;
  return new PolicyStatement({
    actions: ['cloudformation:DescribeStacks', ...more],
    resources: [stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName })],
  });
}

/** Acknowledges what the policy scan finds in a policy with that statement. */
export function acknowledgeOwnStack(policy: ManagedPolicy): void {
  const stack = Stack.of(policy);
  const { region, account } = namesOf(stack);
  Validations.of(policy).acknowledge({
    id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:cloudformation:${region}:${account}:stack/${stack.stackName}/*]`,
    reason: 'One stack: the wildcard stands for its id, which is unknown before the deployment.',
  });
}

/** Region and account in the form of the policy scan: the row's, or CloudFormation's names for them. */
export function namesOf({ region, account }: Stack): { region: string; account: string } {
  const written = (value: string, name: string) => (Token.isUnresolved(value) ? `<AWS::${name}>` : value);
  return { region: written(region, 'Region'), account: written(account, 'AccountId') };
}
