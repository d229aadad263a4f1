import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { ApiFunction } from '../lambda/api-function.ts';

/**
 * The table that remembers the session of each applicant until it expires. The functions seal its values, so DynamoDB's
 * own key is enough for it, and it may be lost: the worst result is one more session call per applicant.
 */
export class SessionStore extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.table).acknowledge({
      id: 'AwsSolutions-DDB3',
      reason: 'Sessions live for hours. A restored table would have expired sessions, and no later ones.',
    });
  }

  /** Lets the function remember sessions: exactly the operations that it uses, and the table's name. */
  letRemember(apiFunction: ApiFunction): void {
    apiFunction.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
        resources: [this.table.tableArn],
      }),
    );
    apiFunction.environment.addSessionTable(this.table);
  }
}
