import { describe, expect, test } from '@jest/globals';
import { ArtifactMetadataEntryType } from 'aws-cdk-lib/cloud-assembly-schema';
import { version } from '../../functions/version.ts';
import { stackOf } from '../support/synthesize.ts';
import { environments, fullRow, resourceOf, rowWithApiKeys, templateOf } from '../support/templates.ts';

describe.each(environments)('the %s stack', (environment) => {
  const ofSecrets = ['CredentialsSecretName', 'UidRefKeySecretName'];
  const always = [...ofSecrets, 'DashboardUrl', 'DoctorPolicyArn', 'OperatorPolicyArn', 'SessionsUrl'];
  const ofLinks = ['LaunchKeySecretName', 'LaunchLinksUrl', 'ReturnUrls'];
  const ofResults = ['ResultsConsumerPolicyArn', 'ResultsQueueUrl', 'ResultsSetAsideQueueUrl', 'WebhookUrl'];
  test.each([
    ['nothing but sessions', { environment, launchLinks: false }, ['CallerPolicyArn']],
    ['API keys', rowWithApiKeys(environment), ['ApiKeyIdFarmers', 'ApiKeyIdQuickCash']],
    ['launch links', { environment }, ['CallerPolicyArn', ...ofLinks]],
    ['all', fullRow(environment), ['AlarmTopicArn', 'CallerPolicyArn', ...ofLinks, ...ofResults]],
  ])('with %s, has these outputs and no other', (_what, row, added) => {
    const names = Object.keys(templateOf(row).findOutputs('*'));
    expect(names.sort()).toEqual([...always, 'SessionTableName', ...added].sort());
  });

  test('gives out URLs, policies, and of an API key the id, never the value', () => {
    const [template, withKeys] = [templateOf(fullRow(environment)), templateOf(rowWithApiKeys(environment))];
    const outputs = template.findOutputs('*');
    const paths = {
      SessionsUrl: '/sessions',
      LaunchLinksUrl: '/launch-links',
      WebhookUrl: '/webhooks/begini',
    };
    for (const [name, path] of Object.entries(paths))
      expect(JSON.stringify(outputs[name])).toContain(`${path}"`);
    for (const name of ['Operator', 'Doctor']) {
      const { logicalId } = resourceOf(template, 'AWS::IAM::ManagedPolicy', name);
      expect(outputs[`${name}PolicyArn`]).toEqual({ Value: { Ref: logicalId } });
    }
    const { logicalId } = resourceOf(withKeys, 'AWS::ApiGateway::ApiKey', 'QuickCash');
    expect(withKeys.findOutputs('*').ApiKeyIdQuickCash).toEqual({ Value: { Ref: logicalId } });
  });

  test('says what it is and which stage it belongs to', () => {
    const template = templateOf({ environment, launchLinks: false });
    expect(template.toJSON().Description).toContain(`stage Demo, version ${version}`);
    expect(resourceOf(template, 'AWS::Lambda::Function', 'CreateSession').Properties.Tags).toEqual([
      { Key: 'environment', Value: environment },
      { Key: 'service', Value: 'begini-session' },
      { Key: 'stage', Value: 'demo' },
    ]);
  });

  test('is protected from deletion in production only', () => {
    expect(stackOf({ environment }).terminationProtection).toBe(environment === 'production');
  });
});

test('a stack deploys to the account and region of its row', () => {
  const stack = stackOf({ environment: 'test', account: '123456789012', region: 'eu-central-1' });
  expect(stack.environment).toBe('aws://123456789012/eu-central-1');
});

test('a stack without them deploys to the account and region that cdk uses', () => {
  expect(stackOf({ environment: 'test' }).environment).toBe('aws://unknown-account/unknown-region');
});

const lenderName = 'set stages.Demo.applicantPage.lenderName in cdk.json';
const receiver = 'set stages.Demo.alarmEmail or alarmTopicArn in cdk.json';
const named = { applicantPage: { lenderName: 'Kazi Loans' } };
const alarmEmail = 'on-call@bank.example';
test.each([
  [{ environment: 'production' }, [lenderName, receiver]],
  [
    {
      environment: 'production',
      alarmEmail,
      applicantPage: { languages: { es: {}, en: named.applicantPage } },
    },
    [lenderName],
  ],
  [{ environment: 'production', alarmEmail, launchLinks: false }, []],
  [{ environment: 'production', alarmEmail, ...named }, []],
  [
    { environment: 'production', alarmTopicArn: 'arn:aws:sns:eu-central-1:123456789012:on-call', ...named },
    [],
  ],
  [{ environment: 'production', ...named }, [receiver]],
  [{ environment: 'test' }, []],
])('a stage with %j warns at synth of what applicants and operators miss: %j', (row, missing) => {
  const warnings = stackOf(row)
    .node.findAll()
    .flatMap(({ node }) => node.metadata)
    .filter(({ type }) => type === ArtifactMetadataEntryType.WARN);
  expect(warnings.map(({ data }) => data)).toEqual(missing.map((text) => expect.stringContaining(text)));
});
