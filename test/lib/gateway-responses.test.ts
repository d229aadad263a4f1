import { expect, test } from '@jest/globals';
import { ResponseType } from 'aws-cdk-lib/aws-apigateway';
import { gatewayPage, gatewayProblem, gatewayResponses } from '../../lib/gateway-responses.ts';

test('lists every response type that CDK knows, each once', () => {
  const known = Object.values(ResponseType)
    .filter((type) => type instanceof ResponseType)
    .map(({ responseType }) => responseType);
  expect(known.length).toBeGreaterThan(0);
  expect(gatewayResponses.map(({ type }) => type).sort()).toEqual(known.sort());
});

test.each(gatewayResponses)('$type is plain text for a mapping template', (response) => {
  expect(JSON.stringify(response)).not.toMatch(/[$#]/);
});

test.each(gatewayResponses.filter(({ statusCode }) => statusCode === 429))(
  '$type says when to come back, in whole seconds',
  ({ retryAfterSeconds }) => {
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(Number.isInteger(retryAfterSeconds)).toBe(true);
  },
);

test.each(['INTEGRATION_FAILURE', 'INTEGRATION_TIMEOUT'])('%s says that the outcome is unknown', (type) => {
  const response = gatewayResponses.find((row) => row.type === type);
  expect(response?.detail).toContain('The outcome is unknown: a session may have been created.');
});

test('makes a problem with the request id as its instance', () => {
  const response = {
    type: 'THROTTLED',
    statusCode: 429,
    code: 'too_many_requests',
    title: 'Title',
    detail: 'Detail.',
  };
  expect(gatewayProblem(response, '$context.requestId')).toEqual({
    type: 'urn:begini-session:too_many_requests',
    title: 'Title',
    status: 429,
    code: 'too_many_requests',
    instance: '$context.requestId',
    detail: 'Detail.',
  });
});

test.each(gatewayResponses)(
  '$type has a small page without a script, with the request id as its reference',
  (response) => {
    const html = gatewayPage(response, '$context.requestId');
    expect(html).toContain('<html lang="en">');
    expect(html).toContain('Reference: $context.requestId');
    expect(html).toMatch(
      response.statusCode >= 429 ? /<h1>Please try again in a moment/ : /<h1>This page cannot be shown/,
    );
    expect(html).not.toMatch(/<script|method|API|caller/i);
  },
);
