import { Stack, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Stage } from '../stages/stages.ts';
import { acknowledgeOwnStack, describeOwnStack } from './own-stack.ts';

export interface DoctorPolicyProps {
  stage: Stage;
  secretArns: readonly string[];
  /** Absent where nobody is told. */
  topicArn: string | undefined;
  /** Absent where sessions are not remembered. */
  tableArn: string | undefined;
  /** What a loan app may call. */
  callerMethodArns: readonly string[];
  /** Empty where loan apps use IAM. */
  apiKeyIds: readonly string[];
  /** Empty in a stage without results. */
  queueArns: readonly string[];
}

/** Exactly what `npm run doctor` uses, for a person's role. */
export class DoctorPolicy extends Construct {
  readonly managedPolicyArn: string;

  constructor(scope: Construct, id: string, props: DoctorPolicyProps) {
    super(scope, id);
    const { stage, secretArns, topicArn, tableArn, callerMethodArns, apiKeyIds, queueArns } = props;
    const stack = Stack.of(this);
    const allow = (actions: string[], resources: readonly string[]) =>
      resources.length > 0 ? [new PolicyStatement({ actions, resources: [...resources] })] : [];
    const apiGatewayArn = (path: string) => `arn:${stack.partition}:apigateway:${stack.region}::${path}`;
    const policy = new ManagedPolicy(this, 'Policy', {
      description: `Allows the doctor to look at stage ${stage.name}`,
      statements: [
        describeOwnStack(this),
        ...allow(['secretsmanager:DescribeSecret'], secretArns),
        ...allow(['sns:ListSubscriptionsByTopic'], topicArn ? [topicArn] : []),
        ...allow(['dynamodb:DescribeTable', 'dynamodb:DescribeTimeToLive'], tableArn ? [tableArn] : []),
        ...allow(['lambda:GetAccountSettings', 'cloudwatch:DescribeAlarms'], ['*']),
        ...allow(
          ['apigateway:GET'],
          [
            apiGatewayArn('/account'),
            ...apiKeyIds.slice(0, 1).map((key) => apiGatewayArn(`/apikeys/${key}`)),
          ],
        ),
        ...allow(['sqs:GetQueueAttributes'], queueArns),
        ...allow(['sqs:ListQueues', 'cloudwatch:GetMetricStatistics'], queueArns.length > 0 ? ['*'] : []),
        ...allow(['execute-api:Invoke'], stage.callerAuth === 'iam' ? callerMethodArns : []),
      ],
    });
    acknowledgeOwnStack(policy);
    Validations.of(policy).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'lambda:GetAccountSettings has no resource; cloudwatch:DescribeAlarms shows composite alarms only with *.',
    });
    this.managedPolicyArn = policy.managedPolicyArn;
  }
}
