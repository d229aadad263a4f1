import { Validations } from 'aws-cdk-lib';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ServiceFunction, type ServiceFunctionProps } from './service-function.ts';

export interface ApiFunctionProps extends ServiceFunctionProps {
  /** The key of the pseudonyms in its log lines. */
  uidRefKey: Secret;
}

/** A function that answers API Gateway's requests, by the version that its alias points to. */
export class ApiFunction extends ServiceFunction {
  /** The alias to the version that receives requests: a deployment and a rollback move it. */
  readonly live: Alias;

  constructor(scope: Construct, id: string, props: ApiFunctionProps) {
    super(scope, id, { ...props, reservedConcurrentExecutions: props.stage.reservedConcurrency });
    this.environment.addUidRefKey(props.uidRefKey);
    this.live = this.lambda.addAlias('live');
    Validations.of(this.lambda).acknowledge({
      id: 'Serverless-LambdaDLQ',
      reason: 'API Gateway waits for the answer. A dead-letter queue is for asynchronous events.',
    });
  }
}
