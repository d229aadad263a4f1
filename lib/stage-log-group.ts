import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { removalPolicyOf } from './removal-policy.ts';
import type { StageProps } from './stage-props.ts';

export interface StageLogGroupProps extends StageProps {
  /** Only if a service requires a name; if absent, CloudFormation generates one. */
  logGroupName?: string;
}

/** A log group with the retention of the stage. */
export class StageLogGroup extends LogGroup {
  constructor(scope: Construct, id: string, { stage, encryptionKey, logGroupName }: StageLogGroupProps) {
    super(scope, id, {
      retention: stage.logRetentionDays,
      removalPolicy: removalPolicyOf(stage),
      ...(encryptionKey && { encryptionKey }),
      ...(logGroupName && { logGroupName }),
    });
  }
}
