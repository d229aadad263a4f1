import { Stack, Token, Validations } from 'aws-cdk-lib';
import { type ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** Lets a command describe the stack that `scope` is in. By its name, as the command knows no more. */
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
    reason: 'One stack: what follows its name is an id that nobody knows before it is deployed.',
  });
}

/** Region and account as the policy scan writes them: the row's, or CloudFormation's names for them. */
function regionAndAccount({ region, account }: Stack): string {
  const written = (value: string, name: string) => (Token.isUnresolved(value) ? `<AWS::${name}>` : value);
  return `${written(region, 'Region')}:${written(account, 'AccountId')}`;
}
