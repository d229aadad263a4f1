import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { reasonOf } from '../../functions/errors.ts';
import { type SecretVersions, secretVersions } from '../../functions/secrets/secret-versions.ts';
import type { Stage } from '../stages/stages.ts';
import { UsageError } from './arguments.ts';
import { onlyToAws, refuseEndpointOverrides } from './aws-endpoints.ts';

/** The secret of a stage, and the client to reach it. */
export type SecretTarget = {
  client: SecretsManagerClient;
  versions: SecretVersions;
  secretName: string;
  /** 12 digits. */
  account: string;
  region: string;
};

/**
 * Finds the secret of a stage by the outputs of its stack, with the credentials and the region that the AWS CLI would
 * use; a region in the stage's row goes first.
 *
 * @throws UsageError where region or credentials are missing, the stack is not deployed, or lies in another account than
 * the row says; errors of the SDK.
 */
export async function findDeployedSecret(
  stage: Stage,
  environment: Record<string, string | undefined>,
): Promise<SecretTarget> {
  refuseEndpointOverrides(environment);
  // Only here: the local service has no stack, and the command should start fast.
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const options = stage.region ? { region: stage.region } : {};
  const cloudFormation = onlyToAws(new CloudFormationClient(options));
  const region = await cloudFormation.config.region().catch(() => {
    throw new UsageError(
      'No AWS region is set: use AWS_REGION, or `region` in the row of the stage in cdk.json.',
    );
  });
  await cloudFormation.config.credentials().catch(() => {
    throw new UsageError('No AWS credentials were found: use AWS_PROFILE, or sign in as for the AWS CLI.');
  });
  const StackName = `BeginiSession-${stage.name}`;
  const { Stacks: [stack] = [] } = await cloudFormation
    .send(new DescribeStacksCommand({ StackName }))
    .catch((error) => {
      if (reasonOf(error) !== 'ValidationError') throw error;
      throw new UsageError(`There is no stack ${StackName} in ${region} of this account. Deploy it first.`);
    });
  const secretName = stack?.Outputs?.find(
    ({ OutputKey }) => OutputKey === 'CredentialsSecretName',
  )?.OutputValue;
  if (!secretName) throw new UsageError(`The stack ${StackName} has no output CredentialsSecretName.`);

  const target = await describeTarget(onlyToAws(new SecretsManagerClient(options)), secretName);
  if (stage.account && stage.account !== target.account) {
    throw new UsageError(
      `These AWS credentials are of account ${target.account}; stage ${stage.name} is in ${stage.account}.`,
    );
  }
  return target;
}

/** The secret of the local service, at `endpoint`. */
export async function findLocalSecret(endpoint: string, secretName: string): Promise<SecretTarget> {
  const client = new SecretsManagerClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  return await describeTarget(client, secretName);
}

async function describeTarget(client: SecretsManagerClient, secretName: string): Promise<SecretTarget> {
  const { ARN = '' } = await client.send(new DescribeSecretCommand({ SecretId: secretName }));
  const [, , , region = '', account = ''] = ARN.split(':');
  return { client, versions: secretVersions(client, ARN), secretName, account, region };
}
