import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from '@jest/globals';
import { onlyToAws } from '../../../bin/deployed/aws-endpoints.ts';

/** Whether a call to `endpoint` would leave this machine, or the message that stopped it. */
async function callTo(endpoint: string): Promise<string> {
  const client = new SecretsManagerClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
    maxAttempts: 1,
    requestHandler: { handle: () => Promise.reject(Object.assign(new Error('sent'), { name: 'Sent' })) },
  });
  return await onlyToAws(client)
    .send(new DescribeSecretCommand({ SecretId: 'credentials' }))
    .then(
      () => 'answered',
      ({ message }: Error) => message,
    );
}

test.each([
  'https://secretsmanager.eu-central-1.amazonaws.com',
  'https://secretsmanager.cn-north-1.amazonaws.com.cn',
  'https://secretsmanager.eu-central-1.api.aws',
  'https://secretsmanager.cn-north-1.api.amazonwebservices.com.cn',
  'https://secretsmanager.eusc-de-east-1.amazonaws.eu',
  'https://secretsmanager.eusc-de-east-1.api.amazonwebservices.eu',
])('calls %s', async (endpoint) => {
  expect(await callTo(endpoint)).toBe('sent');
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
  expect(await callTo(endpoint)).toContain('The AWS profile sends calls to');
});
