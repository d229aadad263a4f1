import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type IGrantable, type IPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { functionTimeoutMs } from '../../functions/deadlines.ts';
import { StageLogGroup } from '../stage-log-group.ts';
import type { StageProps } from '../stage-props.ts';
import type { Stage } from '../stages/stages.ts';
import { FunctionEnvironment } from './function-environment.ts';

/** MiB; Lambda gives CPU in proportion. */
const functionMemoryMiB = 512;

export interface ServiceFunctionProps extends StageProps {
  description: string;
  /** The folder `bundleFunction` returned. */
  bundle: string;
  /** If absent, none is reserved. */
  reservedConcurrentExecutions?: number | undefined;
  /** Lambda's timeout in ms; by default that of requests from API Gateway. */
  timeoutMs?: number;
}

/** A function with its own log group and role, which may write to that log group and nothing else. */
export class ServiceFunction extends Construct implements IGrantable {
  readonly lambda: LambdaFunction;
  readonly environment: FunctionEnvironment;
  readonly logGroup: LogGroup;
  readonly grantPrincipal: IPrincipal;
  readonly roleArn: string;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { stage, description, bundle, timeoutMs = functionTimeoutMs } = props;
    const { encryptionKey, reservedConcurrentExecutions } = props;
    this.logGroup = new StageLogGroup(this, 'LogGroup', { stage, encryptionKey });
    // Not CDK's default role: its managed policy allows writing to every log group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);
    this.grantPrincipal = role;
    this.roleArn = role.roleArn;
    this.lambda = new LambdaFunction(this, 'Function', {
      description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundle),
      handler: 'index.handler',
      memorySize: functionMemoryMiB,
      timeout: Duration.millis(timeoutMs),
      role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: stage.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      ...(reservedConcurrentExecutions && { reservedConcurrentExecutions }),
      // Earlier versions must remain for rollbacks. A version that a failed update created must not:
      // publishing the same code again would fail ("Version already exists").
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE },
    });
    this.environment = new FunctionEnvironment(this.lambda, stage);
    this.#acknowledgeFindings(stage);
  }

  #acknowledgeFindings(stage: Stage): void {
    Validations.of(this).acknowledge(
      stage.tracing
        ? {
            id: 'AwsSolutions-IAM5[Resource::*]',
            reason: 'X-Ray has no resources to name: permission to put traces is for the whole account.',
          }
        : {
            id: 'Serverless-LambdaTracing',
            reason:
              'Tracing is a setting of the stage. The log line of each request already has the time of each part.',
          },
    );
  }
}
