import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { createScope } from '../../functions/request-scope.ts';

const secretArn = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:some-secret-AbCdEf';

/** An error of Secrets Manager, with a secret in its message. */
export const named = (name: string) => Object.assign(new Error('the secret is s3cr3t'), { name });

/** A version of a secret. */
type Version = [id: string, value: string];

/** Doubles Secrets Manager and the clock of a cache for each test of a file. */
export function doubleSecret() {
  const secretsManager = mockClient(SecretsManagerClient);
  const clock = { now: 0 };

  beforeEach(() => {
    secretsManager.reset();
    clock.now = 1_000_000_000;
  });

  const on = (VersionStage: string) =>
    secretsManager.on(GetSecretValueCommand, { SecretId: secretArn, VersionStage });

  return {
    clock,
    on,
    /** What a cache of this secret is made with. */
    options: {
      client: new SecretsManagerClient({ region: 'eu-west-1' }),
      secretArn,
      now: () => clock.now,
      random: () => 0.5,
    },
    newScope: () => createScope(Date.now() + 10_000),
    holds([id, value]: Version, previous?: Version): void {
      on('AWSCURRENT').resolves({ VersionId: id, SecretString: value });
      if (previous) on('AWSPREVIOUS').resolves({ VersionId: previous[0], SecretString: previous[1] });
      else on('AWSPREVIOUS').rejects(named('ResourceNotFoundException'));
    },
    fails: () => secretsManager.on(GetSecretValueCommand).rejects(named('InternalServiceError')),
  };
}
