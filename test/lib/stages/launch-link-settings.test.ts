import { expect, test } from '@jest/globals';
import { readStages } from '../../../lib/stages/stages.ts';
import { messageFor } from './message-for.ts';

const row = { environment: 'test', region: 'eu-central-1' };
const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d';
const domain = { name: 'start.lender.example', certificateArn };

const rotation = 'use a whole number from 32, two more than the longest life of a link, to 1000';
const url = 'use an address such as "https://www.lender.example/applications", without user or password';
test.each([
  [{ launchLinks: 'no' }, 'launchLinks: "no" is not allowed; use true or false'],
  [{ launchKeyRotationDays: 31 }, `launchKeyRotationDays: 31 is not allowed; ${rotation}`],
  [{ launchKeyRotationDays: 30.5 }, `launchKeyRotationDays: 30.5 is not allowed; ${rotation}`],
  [{ launchKeyRotationDays: 1_001 }, `launchKeyRotationDays: 1001 is not allowed; ${rotation}`],
  [{ launchThrottle: { rateLimit: 0 } }, 'launchThrottle.rateLimit: 0 is not allowed'],
  [{ launchThrottle: { burst: 1 } }, 'launchThrottle.burst: no such setting; use rateLimit, burstLimit'],
  [
    { returnUrl: 'http://www.lender.example' },
    `returnUrl: "http://www.lender.example" is not allowed; ${url}`,
  ],
  [{ returnUrl: 'javascript:alert(1)' }, `returnUrl: "javascript:alert(1)" is not allowed; ${url}`],
  [{ returnUrl: 'https://user@lender.example' }, `returnUrl: "https://user@lender.example" is not allowed`],
  [
    { returnUrl: `https://www.lender.example/${'x'.repeat(475)}` },
    `is not allowed; ${url}, of at most 500 characters`,
  ],
  [{ returnUrl: 'https:lender.example' }, `returnUrl: "https:lender.example" is not allowed`],
  [{ returnUrl: 'https:/lender.example' }, `returnUrl: "https:/lender.example" is not allowed`],
  [{ returnUrl: 'https:\\\\lender.example' }, 'is not allowed'],
  [{ returnUrl: 'https:///lender.example' }, `returnUrl: "https:///lender.example" is not allowed`],
  [{ returnUrl: '/back' }, 'returnUrl: "/back" is not allowed'],
  [{ domain: null }, 'domain: null is not allowed; use an object of settings'],
  [{ domain: { name: domain.name } }, 'domain.certificateArn: missing; use the ARN of a certificate'],
  [{ domain: { certificateArn } }, 'domain.name: missing; use a host name in lower case'],
  [{ domain: { ...domain, name: 'https://start.lender.example' } }, 'domain.name: "https://start.lender'],
  [{ domain: { ...domain, name: 'lender' } }, 'domain.name: "lender" is not allowed'],
  [
    { domain: { ...domain, certificateArn: certificateArn.replace('acm', 'iam') } },
    'domain.certificateArn: "arn:aws:iam:',
  ],
  [
    { domain: { ...domain, certificateArn: certificateArn.replace('eu-central-1', 'us-east-1') } },
    "is not allowed; use a certificate in the stage's own region, eu-central-1",
  ],
  [
    { domain: { ...domain, certificateArn: certificateArn.replace('arn:aws:', 'arn:aws-cn:') } },
    'is not allowed; use the ARN of a certificate in AWS Certificate Manager',
  ],
  [{ domain }, 'defaultEndpoint: missing; use "open" to keep API Gateway\'s own host as it was, or "closed"'],
  [{ domain, defaultEndpoint: true }, 'defaultEndpoint: true is not allowed; use "closed" or "open"'],
  [{ defaultEndpoint: 'open' }, 'defaultEndpoint: "open" is not allowed; use it only with domain'],
])('refuses %j', (settings, message) => {
  expect(messageFor({ Demo: { ...row, ...settings } })).toContain(message);
});

test('accepts a domain; its certificate is not checked if the row has no region', () => {
  const settings = { domain, defaultEndpoint: 'open' };
  expect(readStages({ Demo: { ...row, ...settings } })[0]).toMatchObject(settings);
  expect(readStages({ Demo: { environment: 'test', ...settings } })[0]).toMatchObject(settings);
});
