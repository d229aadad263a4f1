import { expect, test } from '@jest/globals';
import { fullRow, resourceOf, templateOf } from '../../support/templates.ts';

const template = templateOf(fullRow('production'));
const rule = resourceOf(template, 'AWS::Events::Rule').Properties;
const pattern = Object(rule.EventPattern);

test('a change of the credentials is reported in words, without the content of the event', () => {
  const [target] = rule.Targets as Record<string, unknown>[];
  expect(JSON.parse(String(target?.Input))).toBe(rule.Description);
  expect(target).not.toHaveProperty('InputTransformer');
});

test('watches the credentials secret, by its name and its ARN, and no other', () => {
  const secret = { Ref: resourceOf(template, 'AWS::SecretsManager::Secret', 'CredentialsSecret').logicalId };
  const { secretId } = pattern.detail.requestParameters;
  expect(secretId).toHaveLength(3);
  expect(secretId[0]).toEqual(secret);
  expect(JSON.stringify(secretId[1])).toContain(':secret:');
  for (const name of secretId.slice(1)) expect(JSON.stringify(name)).toContain(JSON.stringify(secret));
});

test('detects successful calls that move AWSCURRENT, but not other labels', () => {
  expect(pattern).toMatchObject({
    source: ['aws.secretsmanager'],
    'detail-type': ['AWS API Call via CloudTrail'],
    detail: { eventSource: ['secretsmanager.amazonaws.com'], errorCode: [{ exists: false }] },
  });
  expect(pattern.detail.$or).toEqual([
    { eventName: ['UpdateSecretVersionStage'], requestParameters: { versionStage: ['AWSCURRENT'] } },
    { eventName: ['PutSecretValue'], requestParameters: { versionStages: ['AWSCURRENT'] } },
    { eventName: ['PutSecretValue'], requestParameters: { versionStages: [{ exists: false }] } },
    { eventName: ['UpdateSecret'] },
  ]);
});
