import { expect, test } from '@jest/globals';
import { readLaunchLinkSettings } from '../../../functions/create-launch-link/settings.ts';
import { readLaunchSettings } from '../../../functions/launch/settings.ts';

const making = {
  STAGE: 'test',
  LAUNCH_KEY_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:launch-key',
  UID_REF_KEY: 'key',
};
const opening = {
  ...making,
  CREDENTIALS_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:credentials',
  HMAC: 'on',
};

test('making a link needs no setting of the vendor', () => {
  expect(readLaunchLinkSettings(making)).toEqual({
    stage: 'test',
    launchKeySecretArn: making.LAUNCH_KEY_SECRET_ARN,
    uidRefKey: 'key',
    launchBaseUrl: undefined,
  });
});

test('opening a link needs the settings of a session', () => {
  expect(readLaunchSettings(opening)).toMatchObject({
    launchKeySecretArn: making.LAUNCH_KEY_SECRET_ARN,
    credentialsSecretArn: opening.CREDENTIALS_SECRET_ARN,
  });
});

test.each(Object.keys(making))('making a link names %s if it is missing', (name) => {
  expect(() => readLaunchLinkSettings({ ...making, [name]: undefined })).toThrow(name);
});

test.each(Object.keys(opening))('opening a link names %s if it is missing', (name) => {
  expect(() => readLaunchSettings({ ...opening, [name]: '' })).toThrow(name);
});
