import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  type QueueAttributeName,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { resultsPath } from '../../lib/api/routes.ts';
import type { Check } from './check.ts';
import type { Edge } from './edge-checks.ts';
import { expectAnswers } from './expect-answer.ts';
import type { Found } from './findings.ts';
import { figuresOf, sumOf } from './metric.ts';

/** The queues of a stage, and where AWS counts what is in them. */
export type ResultTarget = {
  sqs: SQSClient;
  resultsQueueUrl: string;
  setAsideQueueUrl: string;
};

/** What only a deployed stage has. */
export type DeployedResults = ResultTarget & {
  cloudWatch: CloudWatchClient;
  /** Where Begini sends events. */
  webhookUrl: string;
  /** `BeginiSession/Production` */
  namespace: string;
  stackName: string;
};

const group = 'results';
const hourSeconds = 3_600;
const daySeconds = 86_400;
/** More than the firewall's managed rules accept, and an ordinary size of a result. */
const eventBytes = 20_000;

/** A stranger's event is refused by the service itself, and by nothing before it. It names no integration id. */
export function strangersResultCheck({ baseUrl, wait }: Edge): Check {
  const body = JSON.stringify({ uid: 'DOCTOR-00000', event: { type: 'x'.repeat(eventBytes) } });
  const headers = { 'content-type': 'application/json', 'x-signature': '0'.repeat(128) };
  const expected = { method: 'POST', path: resultsPath, statuses: [401], codes: ['signature_invalid'] };
  return {
    group,
    name: 'an event with a wrong signature is refused',
    async run() {
      const found = await expectAnswers(
        (accept) => ({
          method: 'POST',
          url: `${baseUrl}${resultsPath}`,
          headers: { ...headers, ...accept },
          body,
        }),
        expected,
        wait,
      );
      // Before the first pair, the service has no key to compare with.
      const isUnset = found.code === 'other_answer' && found.problem === 'credentials_not_set';
      return isUnset ? { code: 'credentials_not_set' } : found;
    },
  };
}

/** Whether something is dead or set aside. */
export function deadResultsCheck(target: ResultTarget): Check {
  return {
    group,
    name: 'no result is dead or set aside',
    action: 'sqs:GetQueueAttributes',
    resource: 'a queue of results',
    async run() {
      const { RedrivePolicy = '{}' } = await attributesOf(target, target.resultsQueueUrl, ['RedrivePolicy']);
      const { deadLetterTargetArn = '' } = JSON.parse(RedrivePolicy) as { deadLetterTargetArn?: string };
      const deadQueueName = deadLetterTargetArn.split(':').at(-1) ?? '';
      const dead = await countIn(target, target.resultsQueueUrl.replace(/[^/]+$/, deadQueueName));
      const setAside = await countIn(target, target.setAsideQueueUrl);
      return { code: dead + setAside === 0 ? 'no_dead_results' : 'dead_results', dead, setAside };
    },
  };
}

/** Whether events arrive, whether someone takes them, and whether queues were left behind. */
export function deployedResultChecks(target: DeployedResults): Check[] {
  const check = (name: string, action: string, run: () => Promise<Found>): Check => ({
    group,
    name,
    action,
    run,
  });
  return [
    check('events of Begini arrive', 'cloudwatch:GetMetricStatistics', () => findEvents(target)),
    check('someone takes results', 'cloudwatch:GetMetricStatistics', () => findAge(target)),
    deadResultsCheck(target),
    check('no queue was left behind', 'sqs:ListQueues', () => findOrphans(target)),
  ];
}

async function findEvents({ cloudWatch, namespace, webhookUrl }: DeployedResults): Promise<Found> {
  const count = await sumOf(cloudWatch, { namespace, name: 'ResultsVerified', seconds: daySeconds });
  return count > 0 ? { code: 'results_arrive', count } : { code: 'no_results_arrive', webhookUrl };
}

async function findAge({ cloudWatch, resultsQueueUrl }: DeployedResults): Promise<Found> {
  const ages = await figuresOf(cloudWatch, {
    namespace: 'AWS/SQS',
    name: 'ApproximateAgeOfOldestMessage',
    dimensions: { QueueName: nameOf(resultsQueueUrl) },
    statistic: 'Maximum',
    seconds: hourSeconds,
  });
  const latest = ages.sort((a, b) => Number(a.Timestamp) - Number(b.Timestamp)).at(-1);
  const hours = Math.floor((latest?.Maximum ?? 0) / hourSeconds);
  if (hours === 0) return { code: 'results_taken' };
  return { code: hours < 72 ? 'results_wait' : 'results_expire', hours };
}

/** All queues that the stack's name begins, but those of the stack. */
async function findOrphans(target: DeployedResults): Promise<Found> {
  const { sqs, stackName, resultsQueueUrl, setAsideQueueUrl } = target;
  const command = new ListQueuesCommand({ QueueNamePrefix: `${stackName}-Results`, MaxResults: 100 });
  const { QueueUrls = [] } = await sqs.send(command);
  const { RedrivePolicy = '' } = await attributesOf(target, resultsQueueUrl, ['RedrivePolicy']);
  const own = [nameOf(resultsQueueUrl), nameOf(setAsideQueueUrl)];
  const names = QueueUrls.map(nameOf).filter(
    (name) => !own.includes(name) && !RedrivePolicy.includes(`:${name}"`),
  );
  return names.length === 0 ? { code: 'no_orphaned_queues' } : { code: 'orphaned_queues', names };
}

async function countIn(target: ResultTarget, queueUrl: string): Promise<number> {
  const counts = await attributesOf(target, queueUrl, [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
  ]);
  return Object.values(counts).reduce((sum, count) => sum + Number(count), 0);
}

async function attributesOf(
  { sqs }: ResultTarget,
  QueueUrl: string,
  AttributeNames: QueueAttributeName[],
): Promise<Partial<Record<string, string>>> {
  return (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }))).Attributes ?? {};
}

const nameOf = (queueUrl: string): string => queueUrl.split('/').at(-1) ?? '';
