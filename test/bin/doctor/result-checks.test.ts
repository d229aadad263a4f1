import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { deployedResultChecks, strangersResultCheck } from '../../../bin/doctor/result-checks.ts';
import { readBody, startLoopbackServer } from '../../../bin/stand-ins/loopback.ts';
import { problems } from '../../../functions/errors.ts';
import { problemBody } from '../../../functions/http/responses.ts';
import { examine } from '../../support/examine.ts';

const region = 'eu-central-1';
const sqs = mockClient(SQSClient);
const cloudWatch = mockClient(CloudWatchClient);
const queueUrl = (name: string) => `https://sqs.${region}.amazonaws.com/111122223333/${name}`;
const checks = deployedResultChecks({
  sqs: new SQSClient({ region }),
  cloudWatch: new CloudWatchClient({ region }),
  resultsQueueUrl: queueUrl('S-ResultsQueuesResults'),
  setAsideQueueUrl: queueUrl('S-ResultsQueuesSetAside'),
  webhookUrl: 'https://api.example/webhooks/begini',
  namespace: 'BeginiSession/Demo',
  stackName: 'S',
});

beforeEach(() => {
  sqs.reset();
  cloudWatch.reset();
  cloudWatch.on(GetMetricStatisticsCommand).resolves({ Datapoints: [] });
  sqs.on(GetQueueAttributesCommand).resolves({
    Attributes: { RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:1:S-ResultsQueuesDead"}' },
  });
  sqs
    .on(GetQueueAttributesCommand, {
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    })
    .resolves({
      Attributes: { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' },
    });
  sqs.on(ListQueuesCommand).resolves({
    QueueUrls: ['Results', 'SetAside', 'Dead'].map((name) => queueUrl(`S-ResultsQueues${name}`)),
  });
});

/** The code of what one check found, with its status and what to do next. */
async function find(name: string) {
  const found = (await examine(checks)).find((each) => each.name === name);
  return [found?.status, found?.code, found?.next ?? ''];
}

test('says how to press the test button while no event arrives', async () => {
  const name = 'events of Begini arrive';
  expect(await find(name)).toEqual(['to do', 'no_results_arrive', expect.stringContaining('test button')]);
  cloudWatch
    .on(GetMetricStatisticsCommand, { Namespace: 'BeginiSession/Demo', MetricName: 'ResultsVerified' })
    .resolves({ Datapoints: [{ Sum: 2 }, { Sum: 1 }] });
  expect(await find(name)).toEqual(['ok', 'results_arrive', '']);
});

test.each([
  [undefined, 'ok', 'results_taken'],
  [3_599, 'ok', 'results_taken'],
  [3_600, 'to do', 'results_wait'],
  [72 * 3_600, 'wrong', 'results_expire'],
])('judges the oldest result by its latest age: %j s', async (age, status, code) => {
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const points = [
    { Maximum: age, Timestamp: at(5) },
    { Maximum: 1e6, Timestamp: at(10) },
  ];
  cloudWatch
    .on(GetMetricStatisticsCommand, { MetricName: 'ApproximateAgeOfOldestMessage' })
    .resolves({ Datapoints: age === undefined ? [] : points });
  expect(await find('someone takes results')).toMatchObject([status, code, expect.anything()]);
});

test('counts what is dead in the queue that the redrive policy names', async () => {
  sqs.on(GetQueueAttributesCommand, { QueueUrl: queueUrl('S-ResultsQueuesDead') }).resolves({
    Attributes: { ApproximateNumberOfMessages: '1', ApproximateNumberOfMessagesNotVisible: '1' },
  });
  const found = (await examine(checks)).find(({ code }) => code === 'dead_results');
  expect(found).toMatchObject({ found: '2 dead, 0 set aside' });
});

test('names the queues that an earlier deployment left behind', async () => {
  sqs.on(ListQueuesCommand, { QueueNamePrefix: 'S-Results' }).resolves({
    QueueUrls: ['Results', 'SetAside', 'Dead', 'ResultsOLD'].map((name) =>
      queueUrl(`S-ResultsQueues${name}`),
    ),
  });
  const found = (await examine(checks)).find(({ code }) => code === 'orphaned_queues');
  expect(found).toMatchObject({ status: 'to do', found: 'no stack has these: S-ResultsQueuesResultsOLD' });
});

test('says that the pair was never put in, which the receiver needs to judge an event', async () => {
  const problem = problemBody({ code: 'credentials_not_set', ...problems.credentials_not_set }, 'id');
  const server = await startLoopbackServer({
    listener: async (request, response) => {
      request.resume();
      response.writeHead(503, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    },
  });
  const [found] = await examine([strangersResultCheck({ baseUrl: server.origin, launchLinks: false })]);
  await server.close();
  expect(found).toMatchObject({ status: 'to do', code: 'credentials_not_set' });
});

test('sends a stranger’s event of 20 kB, which names no integration id', async () => {
  const bodies: string[] = [];
  const server = await startLoopbackServer({
    listener: async (request, response) => {
      bodies.push(String(await readBody(request, 100_000)));
      response.writeHead(403).end();
    },
  });
  const [found] = await examine([strangersResultCheck({ baseUrl: server.origin, launchLinks: false })]);
  await server.close();
  expect(found).toMatchObject({ status: 'wrong', code: 'other_answer' });
  expect(bodies[0]?.length).toBeGreaterThan(20_000);
  expect(bodies[0]).not.toContain('integration');
});
