import { describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { environments, fullRow, resourceOf, templateOf } from '../../support/templates.ts';

const variablesOf = (template: Template, idPart: string) =>
  Object(resourceOf(template, 'AWS::Lambda::Function', idPart).Properties.Environment).Variables;

describe.each(environments)('in a %s stage,', (environment) => {
  const template = templateOf(fullRow(environment));
  const ref = (type: string, idPart = '') => ({ Ref: resourceOf(template, type, idPart).logicalId });
  const secret = (idPart: string) => ref('AWS::SecretsManager::Secret', idPart);
  const uidRefKey = {
    UID_REF_KEY: {
      'Fn::Join': ['', ['{{resolve:secretsmanager:', secret('UidRefKey'), ':SecretString:::}}']],
    },
  };
  const pair = { CREDENTIALS_SECRET_ARN: secret('CredentialsSecret') };
  const launchKey = { LAUNCH_KEY_SECRET_ARN: secret('LaunchLinksKey') };
  const sessions = { ...pair, HMAC: 'on', SESSION_TABLE: ref('AWS::DynamoDB::Table'), SESSION_HOURS: '24' };

  test.each([
    ['CreateSession', { ...uidRefKey, ...sessions }],
    ['LaunchLinksCreateLaunchLink', { ...uidRefKey, ...launchKey }],
    ['LaunchLinksLaunch', { ...uidRefKey, ...sessions, ...launchKey }],
    [
      'ReceiveResult',
      {
        ...uidRefKey,
        ...pair,
        PREVIOUS_KEY_DAYS: '7',
        RESULTS_QUEUE_URL: ref('AWS::SQS::Queue', 'QueuesResults'),
        RESULTS_SET_ASIDE_QUEUE_URL: ref('AWS::SQS::Queue', 'SetAside'),
      },
    ],
    ['RotateCredentials', { ...pair, HMAC: 'on' }],
    ['LaunchLinksKeyRotate', launchKey],
  ])('%s knows its stage and what it uses, and no other secret or origin', (idPart, variables) => {
    expect(variablesOf(template, idPart)).toEqual({ STAGE: 'demo', ...variables });
  });
});

test.each([
  ['CreateSession', { HMAC: 'off', SESSION_HOURS: '72' }],
  ['RotateCredentials', { HMAC: 'off' }],
  ['CreateLaunchLink', { LAUNCH_BASE_URL: 'https://start.lender.example' }],
  ['ReceiveResult', { PREVIOUS_KEY_DAYS: '0' }],
])('%s knows what the row says: %j', (idPart, variables) => {
  const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d';
  const row = { hmac: false, sessionHours: 72, results: { previousKeyDays: 0 }, defaultEndpoint: 'open' };
  const domain = { name: 'start.lender.example', certificateArn };
  const template = templateOf({ environment: 'test', ...row, domain });
  expect(variablesOf(template, idPart)).toMatchObject(variables);
});
