import { expect, test } from '@jest/globals';
import { readSettings } from '../../../functions/session/settings.ts';

const environment = {
  STAGE: 'test',
  CREDENTIALS_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:credentials',
  HMAC: 'on',
  UID_REF_KEY: 'key',
};

test('reads the variables that the stack sets', () => {
  expect(readSettings(environment)).toEqual({
    stage: 'test',
    credentialsSecretArn: environment.CREDENTIALS_SECRET_ARN,
    hmac: true,
    uidRefKey: 'key',
    origins: { api: 'https://api.begini.co', assessment: 'https://app.psychometric.me' },
  });
  expect(readSettings({ ...environment, HMAC: 'off' }).hmac).toBe(false);
});

test.each(Object.keys(environment))('names %s if it is missing', (name) => {
  expect(() => readSettings({ ...environment, [name]: undefined })).toThrow(name);
  expect(() => readSettings({ ...environment, [name]: '' })).toThrow(name);
});

test('refuses an unknown HMAC setting instead of omitting the signature', () => {
  expect(() => readSettings({ ...environment, HMAC: 'true' })).toThrow('HMAC');
});

test('remembers sessions only in a stage with a table, which then needs their hours', () => {
  const withTable = { ...environment, SESSION_TABLE: 'table', SESSION_HOURS: '24' };
  expect(readSettings(withTable).resume).toEqual({ tableName: 'table', sessionHours: 24 });
  expect(readSettings({ ...withTable, SESSION_TABLE: undefined }).resume).toBeUndefined();
  expect(() => readSettings({ ...withTable, SESSION_HOURS: undefined })).toThrow('SESSION_HOURS');
});
