import { describe, expect, test } from '@jest/globals';
import { environments, fullRow, resourceOf, templateOf } from '../../support/templates.ts';

const type = 'AWS::SecretsManager::Secret';
const credentialsId = 'CredentialsSecret';
const uidRefKeyId = 'UidRefKey';

describe.each(environments)('the secrets of a %s stage', (environment) => {
  const template = templateOf({ environment });

  // With any other value, the next deployment would overwrite the operator's pair.
  test('have the sentinel and nothing that could change it later', () => {
    const { SecretString, GenerateSecretString, Name } = resourceOf(template, type, credentialsId).Properties;
    expect(SecretString).toBe('{"apiKey":"UNSET","integrationId":"UNSET"}');
    expect([GenerateSecretString, Name]).toEqual([undefined, undefined]);
  });

  test('generate the key of the pseudonyms from fixed settings, so that it stays', () => {
    const { SecretString, GenerateSecretString } = resourceOf(template, type, uidRefKeyId).Properties;
    expect(GenerateSecretString).toEqual({ PasswordLength: 64, ExcludePunctuation: true });
    expect(SecretString).toBeUndefined();
  });

  test.each([credentialsId, uidRefKeyId])('say what %s is for', (id) => {
    expect(resourceOf(template, type, id).Properties).toHaveProperty(
      'Description',
      expect.stringContaining('Demo'),
    );
  });
});

test.each(['CreateSession', 'LaunchLinksLaunch', 'RotateCredentials', 'ReceiveResult'])(
  '%s starts only when the policy of the secret knows its role',
  (name) => {
    const template = templateOf(fullRow('test'));
    const policy = resourceOf(template, 'AWS::SecretsManager::ResourcePolicy');
    const role = resourceOf(template, 'AWS::IAM::Role', `${name}Role`);
    expect(JSON.stringify(policy.Properties)).toContain(
      JSON.stringify({ 'Fn::GetAtt': [role.logicalId, 'Arn'] }),
    );
    expect(resourceOf(template, 'AWS::Lambda::Function', `${name}Function`)).toHaveProperty(
      'DependsOn',
      expect.arrayContaining([policy.logicalId]),
    );
  },
);
