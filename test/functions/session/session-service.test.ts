import { expect, test } from '@jest/globals';
import { beginiOrigins } from '../../../functions/begini/origins.ts';
import { createScope } from '../../../functions/request-scope.ts';
import { SessionService } from '../../../functions/session/session-service.ts';
import { readSettings } from '../../../functions/session/settings.ts';

const environment = {
  STAGE: 'test',
  CREDENTIALS_SECRET_ARN: 'arn',
  HMAC: 'on',
  UID_REF_KEY: 'key',
  SESSION_TABLE: 'table',
  SESSION_HOURS: '24',
};

test('sessions are remembered only in a stage with a table, which then needs their hours', () => {
  expect(readSettings(environment).resume).toEqual({ tableName: 'table', sessionHours: 24 });
  expect(readSettings({ ...environment, SESSION_TABLE: undefined }).resume).toBeUndefined();
  expect(() => readSettings({ ...environment, SESSION_HOURS: undefined })).toThrow('SESSION_HOURS');
});

test('without a table, every session is a new one', async () => {
  const credentials = { apiKey: 'key', integrationId: '42', versionId: 'v1' };
  const sessions = new SessionService({
    settings: { ...readSettings(environment), origins: beginiOrigins },
    credentials: {
      read: async () => credentials,
      refresh: async () => undefined,
      find: async () => undefined,
      usable: async () => credentials,
      replace: async () => credentials,
      refuse: () => undefined,
      accept: () => undefined,
    },
    vendor: {
      send: async () => ({ statusCode: 200, retryAfter: undefined, body: '{"access_token":"a.b.c"}' }),
      warmUp: async () => undefined,
      close: () => undefined,
    },
  });
  const scope = createScope(Date.now() + 10_000);
  expect(await sessions.create({ uid: 'ABCDE-12345', integrationId: undefined }, scope)).toMatchObject({
    url: 'https://app.psychometric.me/a.b.c',
    resumed: false,
  });
  expect(scope.trace.outcome).toBe('session_created');
});
