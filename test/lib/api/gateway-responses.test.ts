import { expect, test } from '@jest/globals';
import { ResponseType } from 'aws-cdk-lib/aws-apigateway';
import { forcedStatusOf, gatewayProblem, gatewayResponses } from '../../../lib/api/gateway-responses.ts';

test('lists every response type that CDK knows, each once', () => {
  const known = Object.values(ResponseType)
    .filter((type) => type instanceof ResponseType)
    .map(({ responseType }) => responseType);
  expect(known.length).toBeGreaterThan(0);
  expect(gatewayResponses.map(({ type }) => type).sort()).toEqual(known.sort());
});

test('gives each type its documented status, code and Retry-After', () => {
  const rows = gatewayResponses.map(({ type, statusCode, code, retryAfterSeconds }) => [
    type,
    [statusCode, code, ...(retryAfterSeconds === undefined ? [] : [retryAfterSeconds])],
  ]);
  expect(Object.fromEntries(rows)).toEqual({
    ACCESS_DENIED: [403, 'forbidden'],
    API_CONFIGURATION_ERROR: [500, 'internal_error'],
    AUTHORIZER_CONFIGURATION_ERROR: [500, 'internal_error'],
    AUTHORIZER_FAILURE: [500, 'internal_error'],
    BAD_REQUEST_BODY: [400, 'bad_request'],
    BAD_REQUEST_PARAMETERS: [400, 'bad_request'],
    DEFAULT_4XX: [undefined, 'bad_request'],
    DEFAULT_5XX: [undefined, 'internal_error'],
    EXPIRED_TOKEN: [403, 'forbidden'],
    INTEGRATION_FAILURE: [undefined, 'internal_error'],
    INTEGRATION_TIMEOUT: [504, 'gateway_timeout'],
    INVALID_API_KEY: [403, 'forbidden'],
    INVALID_SIGNATURE: [403, 'forbidden'],
    MISSING_AUTHENTICATION_TOKEN: [403, 'forbidden'],
    QUOTA_EXCEEDED: [429, 'too_many_requests', 3_600],
    REQUEST_TOO_LARGE: [413, 'body_too_large'],
    RESOURCE_NOT_FOUND: [403, 'forbidden'],
    THROTTLED: [429, 'too_many_requests', 1],
    UNAUTHORIZED: [403, 'forbidden'],
    UNSUPPORTED_MEDIA_TYPE: [415, 'unsupported_media_type'],
    WAF_FILTERED: [403, 'forbidden'],
  });
});

// AWS's page on metrics: an answer with a modified status counts as 4XXError.
test('forces no 5xx, which the error budget would not see, and no status of several types', () => {
  for (const response of gatewayResponses) {
    const { type, statusCode = 0 } = response;
    const isForced = statusCode >= 400 && statusCode < 500;
    expect([type, forcedStatusOf(response)]).toEqual([type, isForced ? statusCode : undefined]);
  }
});

test.each(gatewayResponses)('$type is plain text for a mapping template', (response) => {
  expect(JSON.stringify(response)).not.toMatch(/[$#]/);
});

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

test('has no status if it sets none: 403, 404 and others have the same type', () => {
  const response = { type: 'DEFAULT_4XX', code: 'bad_request', title: 'Title', detail: 'Detail.' };
  expect(gatewayProblem(response, '$context.requestId')).not.toHaveProperty('status');
});
