import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type AwsStandIn, runScript, startAwsStandIn } from './aws-stand-in.ts';
import { documentedScript } from './documented-commands.ts';

const runbook = '.github/RUNBOOK.md';
const stackName = 'BeginiSession-Production';
const arn = (rest: string) => `arn:aws:cloudformation:us-east-1:111122223333:${rest}`;
const stackId = arn(`stack/${stackName}/1a2b`);
const changeSetId = arn('changeSet/undo/1a2b');
const template = { Resources: { Alarm: { Type: 'AWS::CloudWatch::Alarm' } } };

/** What `cdk` deploys here: a cloud assembly with one small stack. */
const project = {
  'cdk.json': { app: '.', notices: false },
  'stack.json': template,
  'manifest.json': {
    version: '36.0.0',
    artifacts: {
      [stackName]: {
        type: 'aws:cloudformation:stack',
        environment: 'aws://111122223333/us-east-1',
        properties: { templateFile: 'stack.json', terminationProtection: true },
      },
    },
  },
};

/** A change as a drift-aware change set lists it ("ResourceChange", API reference, read November 2026). */
type Change = { id: string; type: string; action?: string; replacement?: string; drift?: string };
const xmlOf = ({ id, type, action = 'Modify', replacement, drift = 'MODIFIED' }: Change) =>
  `<member><Type>Resource</Type><ResourceChange><Action>${action}</Action>
    <LogicalResourceId>${id}</LogicalResourceId><ResourceType>${type}</ResourceType>
    ${replacement ? `<Replacement>${replacement}</Replacement>` : ''}
    <ResourceDriftStatus>${drift}</ResourceDriftStatus></ResourceChange></member>`;

let aws: AwsStandIn;
beforeAll(async () => {
  aws = await startAwsStandIn();
});
afterAll(() => aws.close());
beforeEach(() => aws.reset());

/** A deployed stack with a change set that CloudFormation shows in two pages, once it was created. */
function standIn(changes: readonly Change[], { isCreated }: { isCreated: boolean }): void {
  let exists = isCreated;
  aws.answer('sts:GetCallerIdentity', '<Account>111122223333</Account><Arn>arn</Arn><UserId>id</UserId>');
  aws.answer(
    'cloudformation:DescribeStacks',
    `<Stacks><member><StackName>${stackName}</StackName><StackId>${stackId}</StackId>
      <StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-11-27T00:00:00Z</CreationTime>
      <EnableTerminationProtection>true</EnableTerminationProtection></member></Stacks>`,
  );
  aws.answer('cloudformation:GetTemplate', `<TemplateBody>${JSON.stringify(template)}</TemplateBody>`);
  aws.answer('cloudformation:DetectStackDrift', '<StackDriftDetectionId>id</StackDriftDetectionId>');
  aws.answer(
    'cloudformation:DescribeStackDriftDetectionStatus',
    `<StackId>${stackId}</StackId><StackDriftDetectionId>id</StackDriftDetectionId>
      <DetectionStatus>DETECTION_COMPLETE</DetectionStatus><StackDriftStatus>DRIFTED</StackDriftStatus>
      <Timestamp>2026-11-27T00:00:00Z</Timestamp>`,
  );
  aws.answer('cloudformation:DescribeStackResourceDrifts', '<StackResourceDrifts></StackResourceDrifts>');
  aws.answer('cloudformation:CreateChangeSet', () => {
    exists = true;
    return `<Id>${changeSetId}</Id><StackId>${stackId}</StackId>`;
  });
  aws.answer('cloudformation:DescribeChangeSet', ({ NextToken }) => {
    if (!exists) {
      const error = '<Error><Type>Sender</Type><Code>ChangeSetNotFound</Code><Message>None</Message></Error>';
      return { statusCode: 404, body: `<ErrorResponse>${error}</ErrorResponse>` };
    }
    const [first, ...others] = changes.map(xmlOf);
    return `<ChangeSetName>undo</ChangeSetName><ChangeSetId>${changeSetId}</ChangeSetId>
      <StackName>${stackName}</StackName><StackId>${stackId}</StackId><Status>CREATE_COMPLETE</Status>
      <ExecutionStatus>AVAILABLE</ExecutionStatus><CreationTime>2026-11-27T00:00:00Z</CreationTime>
      <Changes>${NextToken ? others.join('') : first}</Changes>${NextToken ? '' : '<NextToken>2</NextToken>'}`;
  });
}

async function run(text: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runScript(
    documentedScript(runbook, text),
    { aws: aws.origin },
    project,
  );
  // The CDK CLI reports its progress there.
  if (exitCode !== 0) throw new Error(`${exitCode}: ${stderr}`);
  return stdout;
}
const callsOf = (operation: string) => aws.calls.filter(({ name }) => name === `cloudformation:${operation}`);

const alarm = { id: 'TheAlarm', type: 'AWS::CloudWatch::Alarm', replacement: 'False' };
const restApi = { id: 'ApiRestApi', type: 'AWS::ApiGateway::RestApi', replacement: 'False' };

test('the changes are prepared and shown, and none is executed', async () => {
  standIn([alarm, restApi], { isCreated: false });
  const shown = await run('--method prepare-change-set');
  expect(callsOf('CreateChangeSet')).toMatchObject([
    { input: { StackName: stackName, ChangeSetName: 'undo', DeploymentMode: 'REVERT_DRIFT' } },
  ]);
  expect(callsOf('ExecuteChangeSet')).toEqual([]);
  for (const { id, type } of [alarm, restApi]) {
    expect(shown).toMatch(new RegExp(`${id} *\\|  ${type} .*Modify .*False .*MODIFIED`));
  }
});

test('exactly these are executed by the last command', async () => {
  standIn([alarm, restApi], { isCreated: true });
  await run('--method execute-change-set');
  expect(callsOf('ExecuteChangeSet')).toMatchObject([{ input: { ChangeSetName: changeSetId } }]);
  expect(callsOf('CreateChangeSet')).toEqual([]);
});

test('the search for harm finds what must not be executed, on both pages, and nothing else', async () => {
  const harmful: Change[] = [
    { id: 'Secret', type: 'AWS::SecretsManager::Secret', replacement: 'False' },
    { id: 'Key', type: 'AWS::KMS::Key', replacement: 'False' },
    { id: 'DeletedKey', type: 'AWS::KMS::Key', action: 'Add', drift: 'DELETED' },
    { id: 'Account', type: 'AWS::ApiGateway::Account', replacement: 'False' },
    { id: 'Sessions', type: 'AWS::DynamoDB::Table', replacement: 'True' },
    { id: 'Queue', type: 'AWS::SQS::Queue', replacement: 'Conditional' },
  ];
  const deletedTable = { id: 'Deleted', type: 'AWS::DynamoDB::Table', action: 'Add', drift: 'DELETED' };
  const [first = alarm, ...others] = harmful;
  standIn([first, alarm, ...others, restApi, deletedTable], { isCreated: true });
  const lines = (await run("contains(['True', 'Conditional'], Replacement)"))
    .split('\n')
    .filter((line) => line !== '');
  expect(lines).toEqual(harmful.map(({ id, type }) => `${id}\t${type}`));
});
