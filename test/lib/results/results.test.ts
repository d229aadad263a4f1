import { describe, expect, test } from '@jest/globals';
import { environments, resourceOf, templateOf } from '../../support/templates.ts';

const queueType = 'AWS::SQS::Queue';

describe.each(environments)('the results of a %s stage', (environment) => {
  const template = templateOf({ environment, results: true });
  const queues = Object.entries(template.findResources(queueType));
  const queueId = (name: string) => resourceOf(template, queueType, `ResultsQueues${name}`).logicalId;

  test('are in three queues, 14 days in each, encrypted by the stage’s key if it has one', () => {
    expect(queues).toHaveLength(3);
    const keys = Object.keys(template.findResources('AWS::KMS::Key'));
    const encryption =
      environment === 'production'
        ? { KmsMasterKeyId: { 'Fn::GetAtt': [keys[0], 'Arn'] } }
        : { SqsManagedSseEnabled: true };
    for (const [, { Properties }] of queues) {
      expect(Properties).toMatchObject({ MessageRetentionPeriod: 14 * 86_400, ...encryption });
      expect(Properties).not.toHaveProperty('RedriveAllowPolicy');
    }
  });

  test('are dead after ten receives; what is dead or set aside goes nowhere by itself', () => {
    const redrives = queues.filter(([, { Properties }]) => Properties.RedrivePolicy);
    expect(redrives.map(([id, { Properties }]) => [id, Properties.RedrivePolicy])).toEqual([
      [
        queueId('Results'),
        { deadLetterTargetArn: { 'Fn::GetAtt': [queueId('Dead'), 'Arn'] }, maxReceiveCount: 10 },
      ],
    ]);
  });

  test('come by a route without authentication', () => {
    const method = resourceOf(template, 'AWS::ApiGateway::Method', 'webhooks');
    expect(method.Properties).toMatchObject({ HttpMethod: 'POST', AuthorizationType: 'NONE' });
    expect(method.Properties.ApiKeyRequired ?? false).toBe(false);
  });

  test('are deployed as the other functions are', () => {
    const groups = Object.values(template.findResources('AWS::CodeDeploy::DeploymentGroup'));
    const names = Object.keys(template.findResources('AWS::Lambda::Alias'));
    expect(names.filter((id) => id.includes('ReceiveResult'))).toHaveLength(1);
    expect(groups).toHaveLength(environment === 'production' ? 4 : 0);
  });

  test('do not exist by default', () => {
    const without = JSON.stringify(templateOf({ environment }).toJSON());
    for (const trace of ['SQS', 'sqs', 'webhooks', 'ReceiveResult', 'PREVIOUS_KEY_DAYS', 'WebhookRate'])
      expect(without).not.toContain(trace);
  });
});
