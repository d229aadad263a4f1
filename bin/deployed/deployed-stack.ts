import type { Stack } from '@aws-sdk/client-cloudformation';
import { reasonOf } from '../../functions/errors.ts';
import type { Stage } from '../../lib/stages/stages.ts';
import { type AccessOptions, type AwsAccess, resolveAwsAccess } from './aws-access.ts';
import { onlyToAws, refuseEndpointOverrides } from './aws-endpoints.ts';
import { UsageError } from './usage-error.ts';

/** The stack of a stage, and what other clients need to reach its account and region. */
export type DeployedStack = {
  stack: Stack | undefined;
  name: string;
  region: string;
  access: AwsAccess & { region: string };
};

/**
 * Finds the stack of a stage, with the credentials and the region that the AWS CLI would use; a region in the stage's
 * row takes precedence.
 *
 * @throws UsageError if region or credentials are missing, or the stack is not deployed; errors of the SDK.
 */
export async function findDeployedStack(stage: Stage, options: AccessOptions): Promise<DeployedStack> {
  refuseEndpointOverrides(options.environment);
  // Imported here: the local service has no stack, and the commands should start fast.
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const access = await resolveAwsAccess(stage.region, options);
  const cloudFormation = onlyToAws(new CloudFormationClient(access));
  const region = await cloudFormation.config.region().catch(() => {
    throw new UsageError(
      'No AWS region is set: use AWS_REGION, or `region` in the row of the stage in cdk.json.',
    );
  });
  await cloudFormation.config.credentials().catch((error) => {
    if (reasonOf(error) !== 'CredentialsProviderError') throw error;
    throw new UsageError(
      `No AWS credentials were found${access.profile ? ` for the profile ${access.profile}` : ''}: use AWS_PROFILE, or sign in as for the AWS CLI.`,
    );
  });
  const name = `BeginiSession-${stage.name}`;
  const { Stacks: [stack] = [] } = await cloudFormation
    .send(new DescribeStacksCommand({ StackName: name }))
    .catch((error) => {
      if (reasonOf(error) !== 'ValidationError') throw error;
      throw new UsageError(
        `There is no stack ${name} in ${region} of this account. Deploy it (npx cdk deploy ${name}), or set AWS_REGION to where it is.`,
      );
    });
  return { stack, name, region, access: { ...access, region } };
}

/** @throws UsageError if the credentials are of another account than that of the row */
export function refuseOtherAccount(stage: Stage, account: string): void {
  if (!stage.account || stage.account === account) return;
  throw new UsageError(
    `These AWS credentials are of account ${account}; stage ${stage.name} is in ${stage.account}.`,
  );
}
