import { Stack } from 'aws-cdk-lib';
import { CfnQueryDefinition, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface SavedQueriesProps {
  logGroups: readonly ILogGroup[];
  /** Of the function that receives results. */
  ofResults: ILogGroup | undefined;
}

/** Questions about single requests, ready in CloudWatch Logs Insights, in a folder with the stack's name. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, { logGroups, ofResults }: SavedQueriesProps) {
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
    if (!ofResults) return;
    new CfnQueryDefinition(this, 'Results', {
      name: `${folder}/Results by outcome over time`,
      logGroupNames: [ofResults.logGroupName],
      queryString: `filter message = "request"
| stats count(*) as results by bin(1h), outcome, code, verifiedBy, claimsIntegration
| sort @timestamp desc`,
    });
  }
}
