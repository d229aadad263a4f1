import { Validations } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { ApiFunction } from './api-function.ts';

export interface CanaryDeploymentsProps {
  functions: readonly ApiFunction[];
  /** While one of these is raised, CodeDeploy stops a deployment, and CloudFormation rolls the stack back. */
  rollBackOn: readonly Alarm[];
}

/** Gives a new version of a function a tenth of the traffic for five minutes, then all of it. */
export class CanaryDeployments extends Construct {
  constructor(scope: Construct, id: string, { functions, rollBackOn }: CanaryDeploymentsProps) {
    super(scope, id);
    const application = new LambdaApplication(this, 'Application');
    const policyName = 'service-role/AWSCodeDeployRoleForLambdaLimited';
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(policyName)],
    });
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policyName}]`,
      reason: "CodeDeploy's own policy for Lambda, the narrower of two; AWS keeps it up to date.",
    });
    for (const { node, live } of functions) {
      new LambdaDeploymentGroup(this, node.id, {
        application,
        role,
        alias: live,
        deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
        alarms: [...rollBackOn],
      });
    }
  }
}
