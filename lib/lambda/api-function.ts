import { Validations } from 'aws-cdk-lib';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ServiceFunction, type ServiceFunctionProps } from './service-function.ts';

/** A function that answers API Gateway's requests, by the version that its alias points to. */
export class ApiFunction extends ServiceFunction {
  /** The version that receives requests: a deployment moves it, and so does a roll back. */
  readonly live: Alias;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id, { ...props, reservedConcurrentExecutions: props.stage.reservedConcurrency });
    this.live = this.lambda.addAlias('live');
    Validations.of(this.lambda).acknowledge({
      id: 'Serverless-LambdaDLQ',
      reason: 'API Gateway waits for the answer. A dead-letter queue is for events that nobody waits for.',
    });
  }
}
