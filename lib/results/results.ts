import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Credentials } from '../credentials/credentials.ts';
import { ApiFunction } from '../lambda/api-function.ts';
import type { StageProps } from '../stage-props.ts';
import type { Stage } from '../stages/stages.ts';
import { ResultQueues } from './result-queues.ts';

/** What results need. */
export interface ResultsProps extends StageProps {
  credentials: Credentials;
  /** The folder of the function's bundle. */
  bundle: string;
  /** Days for which the previous API key still verifies results. */
  previousKeyDays: number;
}

/** Results, from Begini into the lender's queue. */
export class Results extends Construct {
  readonly queues: ResultQueues;
  /** The function of the route. */
  readonly receiveResult: ApiFunction;
  /** The policy for the role of the lender's consumer. */
  readonly consumerPolicyArn: string;

  constructor(scope: Construct, id: string, props: ResultsProps) {
    super(scope, id);
    const { stage, credentials, bundle, previousKeyDays, encryptionKey } = props;
    this.queues = new ResultQueues(this, 'Queues', { stage, encryptionKey });
    this.receiveResult = new ApiFunction(this, 'ReceiveResult', {
      stage,
      encryptionKey,
      description: `Answers POST /webhooks/begini, stage ${stage.name}`,
      bundle,
      uidRefKey: credentials.uidRefKey,
    });
    credentials.letVerifyResults(this.receiveResult, previousKeyDays);
    this.queues.letSend(this.receiveResult);
    this.consumerPolicyArn = this.#allowConsumer(stage);
  }

  #allowConsumer({ name }: Stage): string {
    const policy = new ManagedPolicy(this, 'ConsumerPolicy', {
      description: `Allows a system of the lender to take results of Begini from the queue, stage ${name}`,
      statements: [
        new PolicyStatement({
          actions: [
            'sqs:ReceiveMessage',
            'sqs:DeleteMessage',
            'sqs:ChangeMessageVisibility',
            'sqs:GetQueueAttributes',
          ],
          resources: [this.queues.results.queueArn],
        }),
        ...this.queues.keyStatements(['kms:Decrypt']),
      ],
    });
    return policy.managedPolicyArn;
  }
}
