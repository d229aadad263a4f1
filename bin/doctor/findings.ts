import { endings } from '../../functions/applicant-page/page-content.ts';
import type { VerdictLabel } from '../../functions/credentials/version-labels.ts';
import { runbookArticles, runbookFile } from '../../lib/monitoring/runbook.ts';
import { networkAdvice } from '../deployed/https-agent.ts';
import { verdictsByLabel } from '../rotate/verdicts.ts';

/** The stage that is checked, and the commands that fix it. */
export type Target = {
  stage: { name: string; environment: string };
  /** 12 digits. */
  account: string;
  region: string;
  /** `https://abcde12345.execute-api.us-east-1.amazonaws.com/test` */
  address: string;
  /** `npx cdk deploy BeginiSession-Test` */
  deploy: string;
  /** `npm run rotate -- --stage test` */
  rotate: string;
  /** What to do about a resource that was deleted. */
  restore: string;
  /** How the AWS CLI is called: `aws --region eu-central-1`. */
  awsCli: string;
};

/** How a check ended. `to do`: a person must act before the stage goes live; `not checked`: it could not be asked. */
export type Status = 'ok' | 'to do' | 'wrong' | 'not checked';

/** What a line of the doctor says. It holds no key, token, uid or URL of a session. */
export type Words = {
  status: Status;
  /** One sentence, or a part of one. */
  found: string;
  /** What to click or run; present for `to do` and `wrong`. */
  next?: string;
};

const ok = (found: string): Words => ({ status: 'ok', found });
const notChecked = (found: string): Words => ({ status: 'not checked', found });
const toDo = (found: string, next: string): Words => ({ status: 'to do', found, next });
const wrong = (found: string, next: string): Words => ({ status: 'wrong', found, next });

/** An answer with a status or a code that is not expected. */
type OtherAnswer = {
  accept?: string;
  status: number;
  problem?: string;
  /** API Gateway refuses this caller or this address, and not its key or its signature. */
  accessDenied?: boolean;
  expected: readonly string[];
};
type Secret = { secretId: string; versionId: string };

/** What each finding says, by its code. */
const words = {
  // Any check
  not_allowed: ({ action }: { action: string }) => notChecked(action),
  session_expired: () => notChecked('the AWS session has expired; sign in again (aws sso login)'),
  out_of_time: () => notChecked('the time was used up; run the doctor again'),
  deleted: ({ resource }: { resource: string }, { restore }: Target) =>
    wrong(`${resource} does not exist`, restore),
  no_answer: ({ reason }: { reason: string }) =>
    wrong(`no usable answer (${reason || 'unknown error'})`, networkAdvice),

  // The stack and its account
  deployed: ({ stackName, state }: { stackName: string; state: string }) => ok(`${stackName} is ${state}`),
  deployment_in_progress: ({ state }: { state: string }) =>
    toDo(`a deployment is in progress (${state})`, 'Wait until it has ended, then run the doctor again.'),
  deployment_rolled_back: ({ stackName }: { stackName: string }, target: Target) =>
    toDo('it was rolled back', readEvents(stackName, target)),
  rollback_failed: () =>
    wrong('it could not be rolled back', `Read "A deployment cannot roll back" in ${runbookFile}.`),
  deployment_failed: ({ stackName, state }: { stackName: string; state: string }, target: Target) =>
    wrong(`the stack is ${state}`, readEvents(stackName, target)),
  stack_not_protected: ({ stackName }: { stackName: string }) =>
    toDo(
      'the stack is not protected from deletion',
      `CloudFormation → Stacks → ${stackName} → Stack actions → Edit termination protection → Activated.`,
    ),
  log_role_set: () => ok('the account has a role that trusts it'),
  log_role_missing: (_: object, { deploy }: Target) =>
    wrong('the account has no role for it', `${deploy} -c apiGatewayAccountRole=create`),
  concurrency_enough: ({ quota }: { quota: number }) => ok(String(quota)),
  concurrency_low: ({ quota }: { quota: number }) =>
    toDo(
      `it is ${quota}`,
      'Service Quotas → AWS Lambda → Concurrent executions → Request increase: ask for 1,000.',
    ),
  version_same: ({ version }: { version: string }) => ok(version),
  version_differs: ({ deployed, checkout }: { deployed: string; checkout: string }, { deploy }: Target) =>
    toDo(
      `the stack has ${deployed}, and this checkout is ${checkout}`,
      `Check out the deployed version, and run its doctor. Or deploy this one: ${deploy}`,
    ),
  aliases_in_order: ({ count }: { count: number }) => ok(`${count}, as CloudFormation has them on record`),
  alias_weighted: (
    { functionName, version, percent }: { functionName: string; version: string; percent: number },
    { awsCli }: Target,
  ) =>
    toDo(
      `${functionName} still gives ${percent} % of its requests to version ${version}`,
      `${awsCli} lambda update-alias --function-name ${functionName} --name live --routing-config AdditionalVersionWeights={}`,
    ),
  alias_moved: (
    { functionName, used, onRecord }: { functionName: string; used: string; onRecord: string },
    { awsCli }: Target,
  ) =>
    toDo(
      `${functionName} runs version ${used}, and CloudFormation has ${onRecord} on record: the next canary deployment fails`,
      `Read "Roll back a deployment" in ${runbookFile}. To go back to ${onRecord}: ${awsCli} lambda update-alias --function-name ${functionName} --name live --function-version ${onRecord}`,
    ),
  access_log_written: ({ lines }: { lines: number }) => ok(`${lines} lines in a day`),
  access_log_unused: () =>
    toDo(
      'no request in the day before the last 15 minutes',
      'Run the doctor again in half an hour: it is a caller.',
    ),
  access_log_empty: ({ requests }: { requests: number }) =>
    wrong(
      `${requests} requests in a day, and not one line`,
      'Fix the line "API Gateway may write access logs" first. If that is ok, give the role the policy service-role/AmazonAPIGatewayPushToCloudWatchLogs.',
    ),
  policy_attached: ({ count }: { count: number }) => ok(`to ${count} of users, groups and roles`),
  policy_unattached: ({ policyArn }: { policyArn: string }, { awsCli }: Target) =>
    toDo(
      'nobody has it',
      `If the role of no loan app has a policy like it: ${awsCli} iam attach-role-policy --policy-arn ${policyArn} --role-name <role>`,
    ),
  log_role_gone: ({ roleName }: { roleName: string }) =>
    wrong(
      `the role ${roleName} does not exist`,
      'Choose another role in API Gateway → Settings → CloudWatch log role ARN.',
    ),
  log_role_not_trusted: ({ roleName }: { roleName: string }, { awsCli }: Target) =>
    wrong(
      `the role ${roleName} does not trust apigateway.amazonaws.com`,
      `${awsCli} iam update-assume-role-policy --role-name ${roleName} --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}'`,
    ),

  // Secrets
  labels_in_order: () => ok('its labels are in order; its value is not read'),
  secret_marked_for_deletion: ({ secretId }: { secretId: string }, { awsCli }: Target) =>
    wrong('it is scheduled for deletion', `${awsCli} secretsmanager restore-secret --secret-id ${secretId}`),
  no_version_in_use: ({ renew }: { renew: string }) => wrong('no version is in use', renew),
  rotation_not_ended: (secret: Secret, target: Target) =>
    wrong(
      'a rotation has not ended, and blocks the next one (AWSPENDING is on a version that is not in use)',
      `Wait some minutes and run the doctor again. If it is still there: ${removeLabel('AWSPENDING', secret, target)}`,
    ),
  placeholder: ({ renew }: { renew: string }) =>
    toDo(
      'it still holds its placeholder',
      `Open Begini's Deployment Centre at the tab of this environment, and enter the pair with: ${renew}`,
    ),
  staged_pair_left: (secret: Secret, target: Target) =>
    toDo(
      'an earlier run left a staged pair, which nothing uses',
      `The next renewal replaces it. To remove it: ${removeLabel('BEGINI_NEXT', secret, target)}`,
    ),
  renewal_failed: ({ verdict, renew }: { verdict: VerdictLabel; renew: string }) => {
    const { reason, next } = verdictsByLabel[verdict];
    return toDo(
      `the last renewal failed, and the previous pair is still in use: ${reason}`,
      `${next} Then: ${renew}`,
    );
  },
  no_schedule: (_: object, { deploy }: Target) => wrong('it has no rotation schedule', deploy),
  never_rotated: ({ renew }: { renew: string }) =>
    toDo(
      'its value was not put in by a rotation, so it was never tested with Begini; its value is not read',
      renew,
    ),
  renewal_overdue: ({ due, renew }: { due: Date; renew: string }) =>
    toDo(`its renewal was due on ${due.toISOString().slice(0, 10)}`, renew),

  // Alarms
  nobody_needed: () => ok('nobody, which a test stage may do'),
  confirmed: () => ok('confirmed'),
  no_topic: (_: object, { stage, deploy }: Target) =>
    toDo('nobody', `Set stages.${stage.name}.alarmEmail in cdk.json, then: ${deploy}`),
  no_subscriber: ({ topicName }: { topicName: string }) =>
    toDo('nobody subscribes to the topic', `SNS → Topics → ${topicName} → Create subscription.`),
  not_confirmed: () =>
    toDo(
      'the subscription is not confirmed',
      'Open the mail "AWS Notification - Subscription Confirmation" and click "Confirm subscription".',
    ),
  topic_open: () => ok('by its policy, and that of its key'),
  topic_closed: ({ topicName, topicArn, services }: Topic & Services & { topicArn: string }) =>
    wrong(
      `its policy does not let ${services.join(' and ')} publish`,
      `SNS → Topics → ${topicName} → Edit → Access policy, add: ${JSON.stringify(statementFor(services, 'sns:Publish', topicArn))}`,
    ),
  topic_key_of_aws: ({ topicName }: Topic) =>
    wrong(
      'its key is alias/aws/sns, which lets no alarm publish',
      `SNS → Topics → ${topicName} → Edit → Encryption: off, or a key of yours that lets cloudwatch.amazonaws.com and events.amazonaws.com use it.`,
    ),
  topic_key_unknown: ({ keyId }: { keyId: string }, { awsCli }: Target) =>
    toDo(
      `it names its key by ${keyId}, which the doctor does not follow`,
      `See if its policy lets cloudwatch.amazonaws.com and events.amazonaws.com use it: ${awsCli} kms get-key-policy --policy-name default --key-id <key>`,
    ),
  topic_key_closed: ({ keyId, services }: Services & { keyId: string }) =>
    wrong(
      `the policy of its key does not let ${services.join(' and ')} use it`,
      `KMS → Customer managed keys → ${keyId} → Key policy → Edit, add: ${JSON.stringify(statementFor(services, ['kms:Decrypt', 'kms:GenerateDataKey*'], '*'))}`,
    ),
  trail_records: () => ok('CloudTrail records here'),
  no_trail: (_: object, { awsCli }: Target) =>
    toDo(
      'no trail records here, so nobody is told',
      `${awsCli} cloudtrail create-trail --name management-events --is-multi-region-trail --s3-bucket-name <bucket> && ${awsCli} cloudtrail start-logging --name management-events`,
    ),
  trail_stopped: ({ trailArn }: { trailArn: string }, { awsCli }: Target) =>
    toDo('the trail is stopped, so nobody is told', `${awsCli} cloudtrail start-logging --name ${trailArn}`),
  alarms_quiet: ({ count }: { count: number }) => ok(`${count} alarms, none is raised`),
  alarms_missing: ({ headings }: Alarms, { deploy }: Target) => wrong(`missing: ${list(headings)}`, deploy),
  alarms_raised: ({ headings, isUrgent }: Alarms & { isUrgent: boolean }) =>
    (isUrgent ? wrong : toDo)(
      `raised: ${list(headings)}`,
      `Read the article of that name in ${runbookFile}.`,
    ),
  alarms_disabled: ({ headings }: Alarms) =>
    toDo(
      `actions are disabled: ${list(headings)}`,
      'CloudWatch → All alarms → the alarm → Actions → Alarm actions: Enable.',
    ),

  // Answers of the stage
  as_documented: ({ expected }: { expected: readonly string[] }) =>
    ok(`${expected.join(' or ')}, as in the contract, for each kind of Accept`),
  other_answer: (answer: OtherAnswer, target: Target) => wrong(compare(answer), rewritten(target)),
  answer_differs: (
    { accept, differences }: { accept?: string; differences: readonly string[] },
    target: Target,
  ) => wrong(`${forAccept(accept)}${differences.join('; ')}`, rewritten(target)),
  page_for_program: ({ accept }: { accept: string }) =>
    toDo(
      `${forAccept(accept)}an HTML page, which the caller did not ask for`,
      'API Gateway chose this template. Have each loan app send "Accept: application/json".',
    ),
  throttled: () => notChecked('API Gateway throttles this caller (429); run the doctor again later'),
  caller_refused: (answer: OtherAnswer) =>
    wrong(compare(answer), 'Look at API Gateway → API keys and Usage plans.'),
  address_not_allowed: () =>
    notChecked('this address is not in allowedSourceIps; run the doctor from an address that is'),
  // API Gateway does not say whether the caller's policy or its address is the reason.
  caller_not_allowed: ({ action }: { action: string }) =>
    notChecked(`${action}, or an address in allowedSourceIps`),
  upload_refused: ({ status }: { status: number }) => ok(`${status}, before the function sees it`),
  upload_unanswered: ({ reason }: { reason: string }) =>
    notChecked(`no answer to such an upload: ${reason || 'unknown error'}`),
  return_pages_open: () => ok(`${endings.join(', ')}: each shows its page`),
  link_opens: () => ok('the link of a loan app shows the page with its button'),
  session_created: () => ok('Begini created a session'),
  session_resumed: () => ok('Begini created a session, and a second request got the same one'),
  session_not_resumed: () =>
    wrong(
      'a second request for the same uid got another session',
      `Read "${runbookArticles.storeUnavailable.heading}" in ${runbookFile}, and the lines of the group store.`,
    ),
  credentials_not_set: (_: object, { rotate }: Target) =>
    toDo('status 503 credentials_not_set', `Put the pair in: ${rotate}`),
  credentials_refused: (_: object, { rotate }: Target) =>
    wrong(
      'status 503 credentials_refused',
      `Compare the pair with Begini's Deployment Centre, then put it in again: ${rotate}`,
    ),
  service_failed: ({ requestId, ...answer }: OtherAnswer & { requestId: string }) =>
    wrong(
      compare(answer),
      `Look the code up in functions/README.md, "Errors". The log line of the request ${requestId} has the reason.`,
    ),

  // The table
  table_in_use: () => ok('in use'),
  table_not_in_use: ({ state }: { state: string }, { deploy }: Target) => wrong(`it is ${state}`, deploy),
  ttl_on: () => ok('TTL is on'),
  ttl_off: ({ tableName }: { tableName: string }) =>
    wrong(
      'TTL is off, or on another attribute',
      `DynamoDB → Tables → ${tableName} → Additional settings → Time to Live (TTL): turn it on for expiresAt.`,
    ),

  // Results
  results_arrive: ({ count }: { count: number }) => ok(`${count} in the last day`),
  no_results_arrive: ({ webhookUrl }: { webhookUrl: string }) =>
    toDo(
      'none in the last day that verifies',
      `Beacon → Deployment Centre → deployment → the tab of this environment: the Webservice Endpoint URL must be ${webhookUrl}. Press the test button beside it: it must answer 200. Run the doctor again some minutes later.`,
    ),
  results_taken: () => ok('none waits for an hour'),
  results_wait: ({ hours }: { hours: number }) =>
    toDo(
      `the oldest has waited for ${hours} h`,
      `Start the system that takes results: read "${runbookArticles.resultsNotTaken.heading}" in ${runbookFile}.`,
    ),
  results_expire: ({ hours }: { hours: number }) =>
    wrong(
      `the oldest has waited for ${hours} h, and after 14 days Amazon SQS deletes it`,
      `Read "${runbookArticles.resultsExpire.heading}" in ${runbookFile}.`,
    ),
  no_dead_results: () => ok('none'),
  dead_results: ({ dead, setAside }: { dead: number; setAside: number }) =>
    toDo(
      `${dead} dead, ${setAside} set aside`,
      `Read "${runbookArticles.resultsDead.heading}" in ${runbookFile}.`,
    ),
  no_orphaned_queues: () => ok('none'),
  orphaned_queues: ({ names }: { names: readonly string[] }, { awsCli }: Target) =>
    toDo(
      `no stack has these: ${names.join(', ')}`,
      `Take what is in them, then for each: ${awsCli} sqs delete-queue --queue-url <its URL>`,
    ),
} satisfies Record<string, (found: never, target: Target) => Words>;

type AllWords = typeof words;
type ValuesOf<Say> = Say extends (found: infer Values, ...rest: never) => Words
  ? unknown extends Values
    ? object
    : Values
  : never;

/** What a check found: a stable code, and the values that its sentence needs. */
export type Found = { [Code in keyof AllWords]: { code: Code } & ValuesOf<AllWords[Code]> }[keyof AllWords];

/** The status of a finding, and its sentences. */
export function putIntoWords(found: Found, target: Target): Words {
  const say = words[found.code] as (found: Found, target: Target) => Words;
  return say(found, target);
}

const readEvents = (stackName: string, { deploy }: Target) =>
  `CloudFormation → Stacks → ${stackName} → Events says why. Fix it, then: ${deploy}`;

const removeLabel = (label: string, { secretId, versionId }: Secret, { awsCli }: Target) =>
  `${awsCli} secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage ${label} --remove-from-version-id ${versionId}`;

type Topic = { topicName: string };
type Services = { services: readonly string[] };

/** What a policy must have, to paste. */
const statementFor = (Service: readonly string[], Action: string | string[], Resource: string) => ({
  Effect: 'Allow',
  Principal: { Service },
  Action,
  Resource,
});

type Alarms = { headings: readonly string[] };
/** Nobody reads a line that names all of them. */
const mostQuoted = 3;

function list(headings: readonly string[]): string {
  const shown = headings.slice(0, mostQuoted).map((heading) => `"${heading}"`);
  const others = headings.length - shown.length;
  return `${shown.join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
}

const rewritten = ({ deploy }: Target) =>
  `Look for a proxy or a CDN in front of the stage that rewrites answers. Without one: ${deploy}`;

/** `with Accept: text/html, `; nothing for a call that is made once. */
function forAccept(accept: string | undefined): string {
  if (accept === undefined) return '';
  return accept === '' ? 'without Accept, ' : `with Accept: ${accept.split(',')[0]}, `;
}

const compare = ({ accept, status, problem, expected }: OtherAnswer) =>
  `${forAccept(accept)}status ${status}${problem ? ` ${problem}` : ''}, not ${expected.join(' or ')}`;
