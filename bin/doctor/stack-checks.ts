import {
  type CloudFormationClient,
  paginateListStackResources,
  type Stack,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { GetAliasCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { version } from '../../functions/version.ts';
import type { Stage } from '../../lib/stages/stages.ts';
import type { AskAws } from './ask-aws.ts';
import type { Check } from './check.ts';
import type { Found } from './findings.ts';
import { sumOf } from './metric.ts';

/** A deployed stack, and who can be asked about it. */
export type StackToCheck = {
  stack: Stack | undefined;
  stage: Stage;
  cloudFormation: CloudFormationClient;
  cloudWatch: CloudWatchClient;
  lambda: LambdaClient;
  askAws: AskAws;
  /** Absent if loan apps have API keys. */
  callerPolicyArn: string | undefined;
};

const group = 'stack';
const stackNameOf = ({ name }: Stage) => `BeginiSession-${name}`;

/** What a look at the stack's state does not show. */
export function stackChecks(target: StackToCheck): Check[] {
  const { stack, askAws, callerPolicyArn } = target;
  const listing = 'cloudformation:ListStackResources';
  return [
    { group, name: 'the deployed version', run: async () => checkVersion(stack) },
    {
      group,
      name: 'each alias is on one version',
      action: `${listing}, lambda:GetAlias`,
      resource: 'the alias live of a function',
      run: () => checkAliases(target),
    },
    {
      group,
      name: 'the access log is written',
      action: `${listing}, cloudwatch:GetMetricStatistics`,
      run: () => checkAccessLog(target),
    },
    ...(callerPolicyArn
      ? [
          {
            group,
            name: 'a loan app has the caller policy',
            action: 'iam:GetPolicy',
            resource: 'the caller policy',
            run: () => checkCallerPolicy(askAws, callerPolicyArn),
          } as const,
        ]
      : []),
  ];
}

/** Whether the last deployment ended well, and production is protected. */
export function checkStack(stack: Stack | undefined, stage: Stage): Found {
  const state = stack?.StackStatus ?? 'in an unknown state';
  const stackName = stackNameOf(stage);
  if (state.endsWith('_IN_PROGRESS')) return { code: 'deployment_in_progress', state };
  if (state === 'UPDATE_ROLLBACK_COMPLETE') return { code: 'deployment_rolled_back', stackName };
  if (state === 'UPDATE_ROLLBACK_FAILED') return { code: 'rollback_failed' };
  if (!state.endsWith('_COMPLETE')) return { code: 'deployment_failed', stackName, state };
  if (stage.environment === 'production' && !stack?.EnableTerminationProtection) {
    return { code: 'stack_not_protected', stackName };
  }
  return { code: 'deployed', stackName, state };
}

/** The stack's description ends with the version that made it. */
function checkVersion(stack: Stack | undefined): Found {
  const deployed = / version (\S+)$/.exec(stack?.Description ?? '')?.[1] ?? 'unknown';
  return deployed === version
    ? { code: 'version_same', version }
    : { code: 'version_differs', deployed, checkout: version };
}

/** After a canary, a roll back or a change by hand, an alias may point elsewhere than CloudFormation believes. */
async function checkAliases({ stack, stage, cloudFormation, lambda }: StackToCheck): Promise<Found> {
  // A canary deployment gives weights.
  const state = stack?.StackStatus ?? '';
  if (state.endsWith('_IN_PROGRESS')) return { code: 'deployment_in_progress', state };
  const resources = await resourcesOf(cloudFormation, stage);
  const recorded = new Map(
    physicalIds(resources, 'AWS::Lambda::Version').map((arn) => [functionIn(arn), arn.split(':').at(-1)]),
  );
  const aliases = physicalIds(resources, 'AWS::Lambda::Alias');
  for (const arn of aliases) {
    const functionName = functionIn(arn);
    const { FunctionVersion: used = '', RoutingConfig } = await lambda.send(
      new GetAliasCommand({ FunctionName: functionName, Name: arn.split(':').at(-1) }),
    );
    const [[other, weight] = []] = Object.entries(RoutingConfig?.AdditionalVersionWeights ?? {});
    if (other !== undefined && weight !== undefined) {
      return { code: 'alias_weighted', functionName, version: other, percent: Math.round(weight * 100) };
    }
    const onRecord = recorded.get(functionName);
    if (onRecord !== undefined && onRecord !== used)
      return { code: 'alias_moved', functionName, used, onRecord };
  }
  return { code: 'aliases_in_order', count: aliases.length };
}

/** API Gateway counts requests, CloudWatch Logs counts lines: a role that nobody may assume shows there alone. */
async function checkAccessLog({ stage, cloudFormation, cloudWatch }: StackToCheck): Promise<Found> {
  const resources = await resourcesOf(cloudFormation, stage);
  const [logGroup = ''] = physicalIds(
    resources.filter(({ LogicalResourceId }) => LogicalResourceId?.startsWith('ApiAccessLog')),
    'AWS::Logs::LogGroup',
  );
  // Later figures may not be complete.
  const day = { seconds: 86_400, end: new Date(Date.now() - 900_000) };
  const requests = await sumOf(cloudWatch, {
    ...day,
    namespace: 'AWS/ApiGateway',
    name: 'Count',
    dimensions: { ApiName: stackNameOf(stage), Stage: stage.path },
  });
  const lines = await sumOf(cloudWatch, {
    ...day,
    namespace: 'AWS/Logs',
    name: 'IncomingLogEvents',
    dimensions: { LogGroupName: logGroup },
  });
  if (lines > 0) return { code: 'access_log_written', lines };
  return requests > 0 ? { code: 'access_log_empty', requests } : { code: 'access_log_unused' };
}

async function checkCallerPolicy(askAws: AskAws, policyArn: string): Promise<Found> {
  const answer = await askAws({ service: 'iam', operation: 'GetPolicy', input: { PolicyArn: policyArn } });
  const count = Number(/<AttachmentCount>(\d+)</.exec(answer)?.[1] ?? 0);
  return count > 0 ? { code: 'policy_attached', count } : { code: 'policy_unattached', policyArn };
}

async function resourcesOf(client: CloudFormationClient, stage: Stage): Promise<StackResourceSummary[]> {
  // An earlier version of a function is kept, and may be listed as no longer the stack's.
  const isOwn = ({ ResourceStatus = '' }) => !ResourceStatus.startsWith('DELETE');
  const resources: StackResourceSummary[] = [];
  const pages = paginateListStackResources({ client }, { StackName: stackNameOf(stage) });
  for await (const { StackResourceSummaries = [] } of pages) {
    resources.push(...StackResourceSummaries.filter(isOwn));
  }
  return resources;
}

const physicalIds = (resources: readonly StackResourceSummary[], type: string) =>
  resources.flatMap(({ ResourceType, PhysicalResourceId }) =>
    ResourceType === type && PhysicalResourceId ? [PhysicalResourceId] : [],
  );

/** The name in `arn:aws:lambda:eu-central-1:111122223333:function:name:live`. */
const functionIn = (arn: string) => arn.split(':')[6] ?? '';
