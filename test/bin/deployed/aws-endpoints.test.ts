import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from '@jest/globals';
import { onlyToAws } from '../../../bin/deployed/aws-endpoints.ts';

/** Calls `endpoint`, up to the moment at which the call would leave this machine. */
const callTo = (endpoint: string) =>
  onlyToAws(
    new SecretsManagerClient({
      endpoint,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
      maxAttempts: 1,
      requestHandler: { handle: () => Promise.reject(new Error('sent')) },
    }),
  ).send(new DescribeSecretCommand({ SecretId: 'credentials' }));

test.each([
  'https://secretsmanager.eu-central-1.amazonaws.com',
  'https://secretsmanager.cn-north-1.amazonaws.com.cn',
  'https://secretsmanager.eu-central-1.api.aws',
  'https://secretsmanager.cn-north-1.api.amazonwebservices.com.cn',
  'https://secretsmanager.eusc-de-east-1.amazonaws.eu',
  'https://secretsmanager.eusc-de-east-1.api.amazonwebservices.eu',
])('calls %s', async (endpoint) => {
  await expect(callTo(endpoint)).rejects.toThrow('sent');
});

test.each([
  'http://secretsmanager.eu-central-1.amazonaws.com',
  'https://secretsmanager.eu-central-1.amazonaws.com.evil.example',
  'https://evilamazonaws.com',
  'https://secretsmanager.evilamazonaws.eu',
  'https://amazonaws.eu.evil.example',
  'https://secretsmanager-amazonaws.com',
  'http://127.0.0.1:3002',
  'https://localhost',
])('sends nothing to %s', async (endpoint) => {
  await expect(callTo(endpoint)).rejects.toThrow('The AWS profile sends calls to');
});
