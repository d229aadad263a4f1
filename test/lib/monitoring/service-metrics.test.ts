import { afterAll, describe, expect, test } from '@jest/globals';
import { simulatedCredentials } from '../../../bin/stand-ins/begini/begini-simulator.ts';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { sign } from '../../../functions/begini/request.ts';
import { matchesPattern } from '../../support/filter-pattern.ts';
import { environments, resourceOf, templateOf } from '../../support/templates.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { startService } = await import('../../support/service.ts');
afterAll(() => time.restore());

const uid = 'ABCDE-12345';

test.each(environments)(
  'StaleServes of a %s stage counts a request served with an older reading of the secret',
  async (environment) => {
    const service = await startService();
    await service.post({ uid });
    service.secretsManager.fail({ statusCode: 500, errorName: 'InternalServiceError' });
    service.advance(400_000);
    await service.post({ uid });
    await service.close();
    const template = templateOf({ environment, launchLinks: false });
    const { FilterPattern } = resourceOf(template, 'AWS::Logs::MetricFilter', 'StaleServes').Properties;
    const counted = service.lines.map((line) => matchesPattern(String(FilterPattern), line));
    expect(counted).toEqual([false, true]);
  },
);

describe('the metrics of a stage that remembers sessions', () => {
  const template = templateOf({ environment: 'test' });
  const patternOf = (metricName: string, source: string) =>
    resourceOf(template, 'AWS::Logs::MetricFilter', `${source}${metricName}`).Properties
      .FilterPattern as string;

  test.each(['CreateSession', 'Launch'])('count what %s writes about the table', async (source) => {
    const service = await startService();
    const counts = (metricName: string) =>
      service.lines.filter((line) => matchesPattern(patternOf(metricName, source), line)).length;
    await service.post({ uid });
    await service.post({ uid });
    service.dynamoDb.fail('deny');
    await service.post({ uid: 'FGHIJ-67890' });
    await service.close();
    expect(['SessionsCreated', 'SessionsResumed', 'StoreUnavailable', 'StoreUnreadable'].map(counts)).toEqual(
      [2, 1, 1, 0],
    );
  });

  test('have no filter for events that CreateLaunchLink never has', () => {
    const ofLinks = Object.values(template.findResources('AWS::Logs::MetricFilter')).filter(
      ({ Properties }) =>
        Properties.LogGroupName.Ref ===
        resourceOf(template, 'AWS::Logs::LogGroup', 'CreateLaunchLink').logicalId,
    );
    const names = ofLinks.map(({ Properties }) => Properties.MetricTransformations[0].MetricName);
    expect(names.sort()).toEqual([
      'CallerErrors',
      'ColdStarts',
      'InternalErrors',
      'OperatorErrors',
      'Requests',
      'SecretRefreshes',
      'StaleServes',
    ]);
  });
});

test('the metrics of results count what the function that receives them writes', async () => {
  const template = templateOf({ environment: 'test', results: true });
  const service = await startService();
  const deliver = async (event: object, apiKey = simulatedCredentials.apiKey) => {
    const body = JSON.stringify(event);
    const headers = { 'X-Signature': sign(body, apiKey) };
    await service.invoke('receive-result', proxyEvent(body, { headers }));
  };
  const { integrationId: integration_id } = simulatedCredentials;
  const event = { type: 'application.complete' };
  await deliver({ uid, integration_id, event });
  await deliver({ uid, integration_id: 'another', event });
  await deliver({ uid: `DOCTOR${'0'.repeat(20)}`, integration_id, event });
  await deliver({ uid, integration_id, event }, 'wrong');
  await deliver({ uid, integration_id: 'another', event }, 'wrong');
  service.sqs.fail('deny');
  await deliver({ uid, integration_id, event });
  await service.close();
  const countOf = (metricName: string) => {
    const { Properties } = resourceOf(template, 'AWS::Logs::MetricFilter', `ReceiveResult${metricName}`);
    return service.lines.filter((line) => matchesPattern(String(Properties.FilterPattern), line)).length;
  };
  const names = ['ResultsVerified', 'ResultsSetAside', 'ResultsRefused', 'ResultsUnavailable'];
  expect([service.lines.length, ...names.map(countOf)]).toEqual([6, 3, 1, 1, 1]);
});
