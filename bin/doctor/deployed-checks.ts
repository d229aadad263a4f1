import { APIGatewayClient, GetApiKeyCommand } from '@aws-sdk/client-api-gateway';
import type { Stack } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { runbookFile } from '../../lib/monitoring/runbook.ts';
import type { Stage } from '../../lib/stages/stages.ts';
import { onlyToAws } from '../deployed/aws-endpoints.ts';
import { findDeployedStack, refuseOtherAccount } from '../deployed/deployed-stack.ts';
import { UsageError } from '../deployed/usage-error.ts';
import { accountChecks, receiverCheck } from './account-checks.ts';
import { alarmCheck } from './alarm-checks.ts';
import { withApiKey, withSignature } from './authenticate.ts';
import { type Check, ok, type Result, toDo, wrong } from './check.ts';
import { type Contract, contractChecks, handOffCheck } from './contract-checks.ts';
import { edgeChecks } from './edge-checks.ts';
import { secretCheck } from './secret-checks.ts';
import { tableCheck, timeToLiveCheck } from './table-checks.ts';

/** An unreachable service must not use up the doctor's two minutes. */
const timeouts = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 8000, throwOnRequestTimeout: true },
};

/** Every check of a deployed stage. @throws UsageError; errors of the SDK */
export async function deployedChecks(
  stage: Stage,
  { handOff, environment }: { handOff: boolean; environment: Record<string, string | undefined> },
): Promise<Check[]> {
  const { stack, name, region } = await findDeployedStack(stage, environment, timeouts);
  refuseOtherAccount(stage, stack?.StackId?.split(':')[4] ?? stage.account ?? '');
  const outputs = new Map(stack?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const required = (key: string) => {
    const value = outputs.get(key);
    if (value) return value;
    throw new UsageError(`The stack ${name} has no output ${key}. Deploy it again: npx cdk deploy ${name}`);
  };
  const commands = { deploy: `npx cdk deploy ${name}`, rotate: `npm run rotate -- --stage ${stage.path}` };
  const options = { region, ...timeouts };
  const secrets = onlyToAws(new SecretsManagerClient(options));
  const apiGateway = onlyToAws(new APIGatewayClient(options));
  const sns = onlyToAws(new SNSClient(options));
  const dynamoDb = onlyToAws(new DynamoDBClient(options));
  const awsCli = `aws --region ${region}`;
  const shared = { client: secrets, scheduled: true, deploy: commands.deploy, awsCli };
  const launchKey = outputs.get('LaunchKeySecretName');
  const table = outputs.get('SessionTableName');
  const contract: Contract = {
    baseUrl: required('SessionsUrl').replace(/\/sessions$/, ''),
    launchLinks: stage.launchLinks,
    firewall: stage.firewall,
    resume: stage.resume,
    commands,
    action: stage.callerAuth === 'iam' ? 'execute-api:Invoke' : 'apigateway:GET',
    authenticate:
      stage.callerAuth === 'iam'
        ? withSignature(apiGateway.config.credentials, region)
        : withApiKey(() => readApiKey(apiGateway, outputs)),
    ...(stage.callerAuth === 'iam' && {
      signWrongly: withSignature(
        async () => ({ ...(await apiGateway.config.credentials()), secretAccessKey: 'not-the-secret' }),
        region,
      ),
    }),
  };
  return [
    { group: 'stack', name: 'the last deployment', run: async () => checkStack(stack, stage) },
    ...accountChecks(apiGateway, onlyToAws(new LambdaClient(options)), stage.name, commands),
    secretCheck({
      ...shared,
      secretId: required('CredentialsSecretName'),
      name: 'the pair of API key and integration id',
      renew: commands.rotate,
      startsUnset: true,
    }),
    ...(launchKey
      ? [
          secretCheck({
            ...shared,
            secretId: launchKey,
            name: 'the key of the launch links',
            renew: `${awsCli} secretsmanager rotate-secret --secret-id ${launchKey}`,
            startsUnset: false,
          }),
        ]
      : []),
    receiverCheck(sns, stage, outputs.get('AlarmTopicArn'), commands),
    alarmCheck(onlyToAws(new CloudWatchClient(options)), stage, name, commands),
    ...edgeChecks(contract),
    ...contractChecks(contract),
    ...(handOff ? [handOffCheck(contract)] : []),
    ...(table ? [tableCheck(dynamoDb, table, commands), timeToLiveCheck(dynamoDb, table)] : []),
  ];
}

/** Whether the last deployment ended well, and production is protected. */
export function checkStack(stack: Stack | undefined, { name, environment }: Stage): Result {
  const status = stack?.StackStatus ?? 'absent';
  const stackName = `BeginiSession-${name}`;
  const readEvents = `CloudFormation → Stacks → ${stackName} → Events says why. Fix it, then: npx cdk deploy ${stackName}`;
  if (status.endsWith('_IN_PROGRESS')) {
    return toDo(`it goes on (${status})`, 'Wait until it has ended, then run the doctor again.');
  }
  if (status === 'UPDATE_ROLLBACK_COMPLETE') return toDo('it was rolled back', readEvents);
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    return wrong('it could not be rolled back', `Read "A deployment cannot roll back" in ${runbookFile}.`);
  }
  if (!status.endsWith('_COMPLETE')) return wrong(status, readEvents);
  if (environment === 'production' && !stack?.EnableTerminationProtection) {
    return toDo(
      'the stack is not protected from deletion',
      `CloudFormation → Stacks → ${stackName} → Stack actions → Edit termination protection → Activated.`,
    );
  }
  return ok(`${stackName} is ${status}`);
}

async function readApiKey(
  client: APIGatewayClient,
  outputs: ReadonlyMap<string | undefined, string | undefined>,
): Promise<string> {
  const apiKey = [...outputs].find(([name]) => name?.startsWith('ApiKeyId'))?.[1];
  const { value = '' } = await client.send(new GetApiKeyCommand({ apiKey, includeValue: true }));
  return value;
}
