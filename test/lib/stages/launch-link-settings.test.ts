import { expect, test } from '@jest/globals';
import { readStages } from '../../../lib/stages/stages.ts';
import { messageFor, refused } from './message-for.ts';

const row = { environment: 'test', region: 'eu-central-1' };
const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d';
const domain = { name: 'start.lender.example', certificateArn };

const url =
  'an address such as "https://www.lender.example/applications", without user or password, of at most 500 characters';
test.each<[object, string]>([
  ...refused('launchLinks', 'true or false', 'no'),
  ...refused(
    'launchKeyRotationDays',
    'a whole number from 32, two more than the longest life of a link, to 1000',
    ...[31, 30.5, 1_001],
  ),
  ...refused('returnUrl', url, 'http://www.lender.example', 'javascript:alert(1)', '/back'),
  ...refused(
    'returnUrl',
    url,
    'https://user@lender.example',
    'https:lender.example',
    'https:/lender.example',
  ),
  ...refused('returnUrl', url, 'https:\\\\lender.example', 'https:///lender.example'),
  ...refused('returnUrl', url, `https://www.lender.example/${'x'.repeat(475)}`),
  ...refused('domain', 'an object of settings', null),
  [{ domain: { name: domain.name } }, 'domain.certificateArn: missing; use the ARN of a certificate'],
  [{ domain: { certificateArn } }, 'domain.name: missing; use a host name in lower case'],
  ...refused('domain.name', 'a host name in lower case', 'https://start.lender.example', 'lender'),
  ...refused(
    'domain.certificateArn',
    'the ARN of a certificate in AWS Certificate Manager',
    ...[certificateArn.replace('acm', 'iam'), certificateArn.replace('arn:aws:', 'arn:aws-cn:')],
  ),
  [
    { domain: { ...domain, certificateArn: certificateArn.replace('eu-central-1', 'us-east-1') } },
    "is not allowed; use a certificate in the stage's own region, eu-central-1",
  ],
  [{ domain }, 'defaultEndpoint: missing; use "open" to keep API Gateway\'s own host as it was, or "closed"'],
  [{ domain, defaultEndpoint: true }, 'defaultEndpoint: true is not allowed; use "closed" or "open"'],
  ...refused('defaultEndpoint', 'it only with domain', 'open'),
])('refuses %j', (settings, message) => {
  expect(messageFor({ Demo: { ...row, ...settings } })).toContain(message);
});

test('accepts a domain; its certificate is not checked if the row has no region', () => {
  const settings = { domain, defaultEndpoint: 'open' };
  expect(readStages({ Demo: { ...row, ...settings } })[0]).toMatchObject(settings);
  expect(readStages({ Demo: { environment: 'test', ...settings } })[0]).toMatchObject(settings);
});
