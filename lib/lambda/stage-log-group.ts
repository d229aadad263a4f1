import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Stage } from '../stages/stages.ts';
import { removalPolicyOf } from './removal-policy.ts';

/** Whose log it is. */
export interface StageLogGroupProps {
  stage: Stage;
  /** Absent, the key that CloudWatch has for all. */
  encryptionKey?: IKey | undefined;
  /** Only where a service demands a name; absent, CloudFormation makes one. */
  logGroupName?: string;
}

/** A log group that keeps its lines as long as the stage says. */
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
