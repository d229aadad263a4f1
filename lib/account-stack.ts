import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { CfnAccount } from 'aws-cdk-lib/aws-apigateway';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Stage } from './stages/stages.ts';

/** A part of the name of no stage's stack. */
const accountStackPrefix = 'BeginiSession-Account';

const policyName = 'service-role/AmazonAPIGatewayPushToCloudWatchLogs';

/** Where a stage is deployed, as its row says it. */
type Place = Pick<Stage, 'account' | 'region'>;

/**
 * The role with which API Gateway writes the logs of all APIs of an account and region. It is no stage's: a stage that
 * is removed must not take it from other APIs, and a stage that is added must not replace theirs. Role and setting
 * remain when the stack is deleted.
 */
export class AccountStack extends Stack {
  constructor(scope: Construct, { account, region }: Place) {
    super(scope, accountStackNameOf({ account, region }), {
      description: 'The role with which API Gateway writes logs, for all APIs of this account and region',
      env: { ...(account && { account }), ...(region && { region }) },
      terminationProtection: true,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(policyName)],
    });
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const setting = new CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn });
    setting.applyRemovalPolicy(RemovalPolicy.RETAIN);
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policyName}]`,
      reason: 'API Gateway accepts an account role with exactly these rights, and AWS keeps them up to date.',
    });
  }
}

/** `BeginiSession-Account`, or `BeginiSession-Account-111122223333-eu-central-1` where the row names them. */
export function accountStackNameOf({ account, region }: Place): string {
  return [accountStackPrefix, account, region].filter(Boolean).join('-');
}
