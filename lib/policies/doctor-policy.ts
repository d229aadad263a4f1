import { Stack, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Stage } from '../stages/stages.ts';
import { acknowledgeOwnStack, describeOwnStack, namesOf } from './own-stack.ts';

export interface DoctorPolicyProps {
  stage: Stage;
  secretArns: readonly (string | undefined)[];
  /** Absent where nobody is told. */
  topicArn: string | undefined;
  /** The stage's own key; absent if it has none. */
  encryptionKeyArn: string | undefined;
  /** Absent where sessions are not remembered. */
  tableArn: string | undefined;
  /** The functions that have an alias. */
  functionArns: readonly string[];
  /** The policy for loan apps; absent if they have API keys. */
  callerPolicyArn: string | undefined;
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
    const { encryptionKeyArn, functionArns, callerPolicyArn } = props;
    const stack = Stack.of(this);
    const allow = (actions: string[], ...wanted: readonly (string | undefined)[]) => {
      const resources = wanted.filter((resource) => resource !== undefined);
      return resources.length > 0 ? [new PolicyStatement({ actions, resources })] : [];
    };
    const anyRole = `arn:${stack.partition}:iam::${stack.account}:role/*`;
    const anyKey = stack.formatArn({ service: 'kms', resource: 'key', resourceName: '*' });
    // Only AWS knows the key of an existing topic.
    const topicKey = stage.alarmTopicArn ? anyKey : topicArn && encryptionKeyArn;
    const apiGatewayArn = (path: string) => `arn:${stack.partition}:apigateway:${stack.region}::${path}`;
    const policy = new ManagedPolicy(this, 'Policy', {
      description: `Allows the doctor to look at stage ${stage.name}`,
      statements: [
        describeOwnStack(this, 'cloudformation:ListStackResources'),
        ...allow(['secretsmanager:DescribeSecret'], ...secretArns),
        ...allow(['sns:ListSubscriptionsByTopic', 'sns:GetTopicAttributes'], topicArn),
        ...allow(['kms:GetKeyPolicy'], topicKey),
        // A trail may be another region's, or the organization's.
        ...allow(['cloudtrail:DescribeTrails', 'cloudtrail:GetTrailStatus'], topicArn && '*'),
        ...allow(['lambda:GetAlias'], ...functionArns),
        ...allow(['iam:GetPolicy'], callerPolicyArn),
        // The account's role for the logs of API Gateway, which another stack may have made.
        ...allow(['iam:GetRole'], anyRole),
        ...allow(['dynamodb:DescribeTable', 'dynamodb:DescribeTimeToLive'], tableArn),
        ...allow(
          ['lambda:GetAccountSettings', 'cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricStatistics'],
          '*',
        ),
        ...allow(
          ['apigateway:GET'],
          apiGatewayArn('/account'),
          ...apiKeyIds.slice(0, 1).map((key) => apiGatewayArn(`/apikeys/${key}`)),
        ),
        ...allow(['sqs:GetQueueAttributes'], ...queueArns),
        ...allow(['sqs:ListQueues'], queueArns[0] && '*'),
        ...allow(['execute-api:Invoke'], ...(stage.callerAuth === 'iam' ? callerMethodArns : [])),
      ],
    });
    acknowledgeOwnStack(policy);
    const { region, account } = namesOf(stack);
    Validations.of(policy).acknowledge(
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason:
          'Reads without a resource; cloudwatch:DescribeAlarms shows composite alarms only with *; a trail may be anywhere.',
      },
      {
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::${account}:role/*]`,
        reason:
          "Reads whom the account's role for the logs of API Gateway trusts: this stack does not know its name.",
      },
    );
    if (stage.alarmTopicArn) {
      Validations.of(policy).acknowledge({
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:${region}:${account}:key/*]`,
        reason: 'Reads the policy of the key of an existing topic: this stack does not know which it is.',
      });
    }
    this.managedPolicyArn = policy.managedPolicyArn;
  }
}
