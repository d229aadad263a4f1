import { Duration } from 'aws-cdk-lib';
import { type IGrantable, type IPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { functionTimeoutMs } from '../functions/shared/deadlines.ts';
import { removalPolicyOf, type Stage } from './stages.ts';

/** What a function runs, and for whom. */
export interface SessionFunctionProps {
  stage: Stage;
  description: string;
  /** The folder `bundleFunction` returned. */
  bundle: string;
  /** By the names in functions/shared/environment.ts. */
  environment: Record<string, string>;
  /** Lambda's timeout in ms; absent, what API Gateway waits for. */
  timeoutMs?: number;
}

/** A function with a log group and a role of its own, which may write to that log group and nothing else. */
export class SessionFunction extends Construct implements IGrantable {
  readonly lambda: LambdaFunction;
  readonly logGroup: LogGroup;
  readonly grantPrincipal: IPrincipal;

  constructor(
    scope: Construct,
    id: string,
    { stage, description, bundle, environment, timeoutMs = functionTimeoutMs }: SessionFunctionProps,
  ) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'LogGroup', {
      retention: stage.logRetentionDays,
      removalPolicy: removalPolicyOf(stage),
    });
    // Not the role CDK would make: its managed policy allows writing to every log group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);
    this.grantPrincipal = role;
    this.lambda = new LambdaFunction(this, 'Function', {
      description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundle),
      handler: 'index.handler',
      memorySize: 512,
      timeout: Duration.millis(timeoutMs),
      environment,
      role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.DISABLED,
    });
  }
}
