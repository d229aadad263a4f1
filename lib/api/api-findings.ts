import { Validations } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Stage } from '../stages/stages.ts';

/** Acknowledges what the policy scan finds in the API, each finding with its reason. */
export function acknowledgeApiFindings(restApi: RestApi, stage: Stage): void {
  const accept = (id: string, reason: string) => Validations.of(restApi).acknowledge({ id, reason });
  accept(
    'AwsSolutions-APIG2',
    'The functions validate: they can name the wrong field, which a request validator of API Gateway cannot.',
  );
  accept(
    'AwsSolutions-APIG6',
    'Execution logs print paths, headers and bodies, which contain uids and launch tokens. The access log is on.',
  );
  accept(
    'Serverless-APIGWXrayEnabled',
    "API Gateway's traces contain the full URL, and so launch tokens. The setting `tracing` traces functions only.",
  );
  accept(
    'AwsSolutions-COG4',
    'No caller is a user of a pool: backends sign or send an API key, applicants have a launch token.',
  );
  if (stage.callerAuth === 'api-key' || stage.launchLinks) {
    accept(
      'AwsSolutions-APIG4',
      'Loan apps that cannot sign send an API key; on /launch/{token} the function checks the token.',
    );
  }
  if (stage.results && stage.callerAuth === 'iam' && !stage.launchLinks) {
    accept('AwsSolutions-APIG4', 'Begini cannot sign as AWS does: the function checks its own signature.');
  }
  if (!stage.firewall) {
    accept('AwsSolutions-APIG3', 'This row turns the firewall off, as Test does by default to save cost.');
  }
}
