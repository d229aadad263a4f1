import { APIGatewayClient, GetApiKeyCommand } from '@aws-sdk/client-api-gateway';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { runbookFile } from '../../lib/monitoring/runbook.ts';
import type { Stage } from '../../lib/stages/stages.ts';
import type { AccessOptions } from '../deployed/aws-access.ts';
import { onlyToAws } from '../deployed/aws-endpoints.ts';
import { findDeployedStack, refuseOtherAccount } from '../deployed/deployed-stack.ts';
import { UsageError } from '../deployed/usage-error.ts';
import { accountChecks, receiverCheck, trailCheck } from './account-checks.ts';
import { alarmCheck } from './alarm-checks.ts';
import { type AskAws, askAwsIn } from './ask-aws.ts';
import { withApiKey, withSignature } from './authenticate.ts';
import type { Check, Examination } from './check.ts';
import { type Contract, contractChecks, handOffCheck } from './contract-checks.ts';
import { edgeChecks } from './edge-checks.ts';
import { deployedResultChecks, strangersResultCheck } from './result-checks.ts';
import { secretCheck } from './secret-checks.ts';
import { checkStack, stackChecks } from './stack-checks.ts';
import { tableCheck, timeToLiveCheck } from './table-checks.ts';
import { topicCheck } from './topic-checks.ts';

/** An unreachable service must not use up the doctor's two minutes. */
const patience = {
  maxAttempts: 2,
  timeouts: { connectionTimeout: 3000, requestTimeout: 8000, throwOnRequestTimeout: true },
};

export type DeployedOptions = Pick<AccessOptions, 'environment' | 'askMfaCode'> & {
  handOff: boolean;
  /** For tests. */
  askAws?: AskAws | undefined;
};

/** A deployed stage, and every check of it. @throws UsageError; errors of the SDK */
export async function deployedChecks(
  stage: Stage,
  { handOff, askAws: givenAskAws, ...options }: DeployedOptions,
): Promise<Examination> {
  const { stack, name, region, access } = await findDeployedStack(stage, { ...options, ...patience });
  const account = stack?.StackId?.split(':')[4] ?? stage.account ?? '';
  refuseOtherAccount(stage, account);
  const outputs = new Map(stack?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const required = (key: string) => {
    const value = outputs.get(key);
    if (value) return value;
    throw new UsageError(`The stack ${name} has no output ${key}. Deploy it again: npx cdk deploy ${name}`);
  };
  const target = {
    stage,
    account,
    region,
    address: required('SessionsUrl').replace(/\/sessions$/, ''),
    deploy: `npx cdk deploy ${name}`,
    rotate: `npm run rotate -- --stage ${stage.path}`,
    restore: `Read "Undo a change by hand" in ${runbookFile}.`,
    awsCli: `aws --region ${region}`,
  };
  const secrets = onlyToAws(new SecretsManagerClient(access));
  const apiGateway = onlyToAws(new APIGatewayClient(access));
  const sns = onlyToAws(new SNSClient(access));
  const dynamoDb = onlyToAws(new DynamoDBClient(access));
  const cloudWatch = onlyToAws(new CloudWatchClient(access));
  const lambda = onlyToAws(new LambdaClient(access));
  const askAws = givenAskAws ?? askAwsIn(region, access.credentials);
  const topicArn = outputs.get('AlarmTopicArn');
  const shared = { client: secrets, scheduled: true };
  const launchKey = outputs.get('LaunchKeySecretName');
  const table = outputs.get('SessionTableName');
  const contract: Contract = {
    baseUrl: target.address,
    launchLinks: stage.launchLinks,
    firewall: stage.firewall,
    resume: stage.resume,
    limitsAddresses: stage.allowedSourceIps.length > 0,
    ...(stage.callerAuth === 'iam'
      ? {
          action: 'execute-api:Invoke',
          authenticate: withSignature(apiGateway.config.credentials, region),
          signWrongly: withSignature(
            async () => ({ ...(await apiGateway.config.credentials()), secretAccessKey: 'not-the-secret' }),
            region,
          ),
        }
      : {
          action: 'apigateway:GET',
          resource: 'the API key of the first loan app',
          authenticate: withApiKey(() => readApiKey(apiGateway, outputs)),
        }),
  };
  const checks: Check[] = [
    { group: 'stack', name: 'the last deployment', run: async () => checkStack(stack, stage) },
    ...accountChecks(apiGateway, lambda, askAws),
    ...stackChecks({
      stack,
      stage,
      cloudFormation: onlyToAws(new CloudFormationClient(access)),
      cloudWatch,
      lambda,
      askAws,
      callerPolicyArn: outputs.get('CallerPolicyArn'),
    }),
    secretCheck({
      ...shared,
      secretId: required('CredentialsSecretName'),
      name: 'the pair of API key and integration id',
      renew: target.rotate,
      startsUnset: true,
    }),
    ...(launchKey
      ? [
          secretCheck({
            ...shared,
            secretId: launchKey,
            name: 'the key of the launch links',
            renew: `${target.awsCli} secretsmanager rotate-secret --secret-id ${launchKey}`,
            startsUnset: false,
          }),
        ]
      : []),
    receiverCheck(sns, stage, topicArn),
    ...(topicArn ? [topicCheck(sns, askAws, topicArn), trailCheck(askAws, region)] : []),
    alarmCheck(cloudWatch, stage, name),
    ...edgeChecks(contract),
    ...contractChecks(contract),
    ...(handOff ? [handOffCheck(contract)] : []),
    ...(table ? [tableCheck(dynamoDb, table), timeToLiveCheck(dynamoDb, table)] : []),
    ...(stage.results
      ? [
          strangersResultCheck(contract),
          ...deployedResultChecks({
            sqs: onlyToAws(new SQSClient(access)),
            cloudWatch,
            resultsQueueUrl: required('ResultsQueueUrl'),
            setAsideQueueUrl: required('ResultsSetAsideQueueUrl'),
            webhookUrl: required('WebhookUrl'),
            namespace: `BeginiSession/${stage.name}`,
            stackName: name,
          }),
        ]
      : []),
  ];
  return { target, checks };
}

async function readApiKey(
  client: APIGatewayClient,
  outputs: ReadonlyMap<string | undefined, string | undefined>,
): Promise<string> {
  const apiKey = [...outputs].find(([name]) => name?.startsWith('ApiKeyId'))?.[1];
  const { value = '' } = await client.send(new GetApiKeyCommand({ apiKey, includeValue: true }));
  return value;
}
