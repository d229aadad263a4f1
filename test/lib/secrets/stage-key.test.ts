import { expect, test } from '@jest/globals';
import { fullRow, resourceOf, templateOf } from '../../support/templates.ts';

const template = templateOf(fullRow('production'));
const key = resourceOf(template, 'AWS::KMS::Key');
const { Statement: statements } = key.Properties.KeyPolicy as { Statement: Record<string, unknown>[] };
const ofTheService = (service: string) =>
  statements.filter(({ Principal }) => JSON.stringify(Principal).includes(`${service}.`));

test('the key of a production stage is renewed by KMS', () => {
  expect(key.Properties).toMatchObject({ EnableKeyRotation: true });
});

test.each([
  ['AWS::SecretsManager::Secret', 'KmsKeyId', 3],
  ['AWS::Logs::LogGroup', 'KmsKeyId', 8],
  ['AWS::SNS::Topic', 'KmsMasterKeyId', 1],
])('every %s of a production stage is encrypted with it', (type, property, count) => {
  const resources = Object.values(template.findResources(type));
  expect(resources).toHaveLength(count);
  for (const { Properties } of resources) {
    expect(Properties[property]).toEqual({ 'Fn::GetAtt': [key.logicalId, 'Arn'] });
  }
});

test("CloudWatch Logs may use it only for this stack's log groups", () => {
  const [statement, ...others] = ofTheService('logs');
  expect(others).toEqual([]);
  const condition = JSON.stringify(statement?.Condition);
  expect(condition).toContain(':log-group:BeginiSession-Demo-*');
  expect(condition).toContain(':log-group:aws-waf-logs-BeginiSession-Demo-*');
  expect(Object.keys(Object(statement?.Condition))).toEqual(['ArnLike']);
  expect(Object.keys(Object(statement?.Condition).ArnLike)).toEqual(['kms:EncryptionContext:aws:logs:arn']);
});

test("CloudWatch may use it for messages to this stack's topic, on behalf of this account", () => {
  expect(ofTheService('cloudwatch')).toEqual([
    expect.objectContaining({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Condition: {
        ArnLike: { 'kms:EncryptionContext:aws:sns:topicArn': expect.anything() },
        StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
      },
    }),
  ]);
  expect(JSON.stringify(ofTheService('cloudwatch'))).toContain(':BeginiSession-Demo-*');
});

test('EventBridge may do the same without a source account, which SNS does not support for it', () => {
  const [statement] = ofTheService('events');
  expect(statement).toMatchObject({ Action: ['kms:Decrypt', 'kms:GenerateDataKey*'] });
  expect(Object.keys(Object(statement?.Condition))).toEqual(['ArnLike']);
  expect(JSON.stringify(statement)).toContain(':BeginiSession-Demo-*');
});

test('other users of the key in the account need Secrets Manager or IAM policies', () => {
  const [administration, ...others] = statements.filter(({ Principal }) => Object(Principal).AWS);
  expect(administration).toMatchObject({ Action: 'kms:*' });
  for (const { Condition } of others) {
    expect(Condition).toHaveProperty(['StringEquals', 'kms:ViaService'], expect.anything());
  }
});

test('the roles of the stage may use the key by Secrets Manager of any partition', () => {
  const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'));
  const hosts = policies.match(/"kms:ViaService":\{"Fn::Join":\["",\["secretsmanager\..*?\]\]/g) ?? [];
  expect(hosts.length).toBeGreaterThan(0);
  for (const host of hosts) expect(host).toContain('{"Ref":"AWS::URLSuffix"}');
});

const plain = templateOf({ environment: 'production', customerManagedKey: false });

test('a stage without its own key encrypts everything with AWS keys', () => {
  plain.resourceCountIs('AWS::KMS::Key', 0);
  expect(JSON.stringify(plain.toJSON())).not.toContain('Kms');
});

test('the value of the credentials secret is the same with and without a key, so that it stays', () => {
  const values = [template, plain].map((each) => {
    const secret = resourceOf(each, 'AWS::SecretsManager::Secret', 'CredentialsSecret');
    return [secret.logicalId, secret.Properties.SecretString];
  });
  expect(values[0]).toEqual(values[1]);
});
