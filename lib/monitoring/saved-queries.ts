import { Stack } from 'aws-cdk-lib';
import { CfnQueryDefinition, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface SavedQueriesProps {
  logGroups: readonly ILogGroup[];
}

/** Questions about single requests, ready in CloudWatch Logs Insights, in a folder with the stack's name. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, { logGroups }: SavedQueriesProps) {
    super(scope, id);
    const logGroupNames = logGroups.map(({ logGroupName }) => logGroupName);
    const folder = Stack.of(this).stackName;
    new CfnQueryDefinition(this, 'ErrorsByCode', {
      name: `${folder}/Errors by code over time`,
      logGroupNames,
      queryString: `filter message = "request" and ispresent(code)
| stats count(*) as requests by bin(5m), code
| sort @timestamp desc`,
    });
    new CfnQueryDefinition(this, 'OneApplicant', {
      name: `${folder}/One applicant`,
      logGroupNames,
      queryString: `fields @timestamp, route, statusCode, outcome, code, vendorStatus, vendorMs, durationMs, requestId
| filter uidRef = "the 12 digits of the uid's reference"
| sort @timestamp asc`,
    });
  }
}
