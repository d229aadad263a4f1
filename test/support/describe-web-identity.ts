import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from '../../bin/local/local-service.ts';
import { type Language, runExample } from '../examples/run-example.ts';
import { type Claims, ownClaims, startWebIdentity, type WebIdentity } from './web-identity.ts';

/** Runs an example outside AWS: it has a token of its own cloud, and no key of AWS. */
export function describeWebIdentity(language: Language & ('node' | 'python')): void {
  describe('a loan app outside AWS', () => {
    let service: LocalService;
    let cloud: WebIdentity;
    beforeEach(async () => {
      service = await startLocalService(0, { callerAuth: 'iam' });
    });
    afterEach(async () => {
      await cloud.close();
      await service.close();
    });

    async function handOver(options: { lifeSeconds?: number; prepare?: () => void } = {}) {
      const { credentials, gateway } = service;
      if (!credentials) throw new Error('the service is started with IAM');
      cloud = await startWebIdentity(credentials, options);
      options.prepare?.();
      const caller = { SESSIONS_URL: `${gateway.url}/sessions`, ...cloud.environment };
      const result = await runExample(language, caller, randomUUID()).catch(({ message }: Error) => ({
        url: undefined,
        output: message,
      }));
      for (const secret of [...cloud.tokens, credentials.secretAccessKey, credentials.sessionToken])
        expect(result.output).not.toContain(secret);
      return result;
    }

    test('hands an applicant over with the token of its own cloud', async () => {
      const { url } = await handOver();
      expect(url).toMatch(new RegExp(`^${service.vendor.origin}/eyJ`));
      expect(cloud.tokens).toHaveLength(1);
    });

    test('exchanges the token that its file has then, when the credentials are about to expire', async () => {
      const given: string[] = [];
      const { url } = await handOver({
        lifeSeconds: 1,
        prepare: () => {
          given.push(cloud.giveToken({ ...ownClaims(), jti: 'first' }));
          cloud.onCall(() => {
            if (given.length === 1) given.push(cloud.giveToken({ ...ownClaims(), jti: 'second' }));
          });
        },
      });
      expect(url).toMatch(new RegExp(`^${service.vendor.origin}/eyJ`));
      expect(cloud.tokens.slice(0, 2)).toEqual(given);
    });

    const now = Math.floor(Date.now() / 1000);
    test.each<[string, Claims, 'issuer' | 'stranger', { node: string; python: string }]>([
      ['has expired', { exp: now - 1 }, 'issuer', { node: 'Token expired', python: 'ExpiredTokenException' }],
      [
        'is for another audience',
        { aud: 'https://kubernetes.default.svc' },
        'issuer',
        { node: 'Incorrect token audience', python: 'InvalidIdentityTokenException' },
      ],
      [
        'is of an issuer that IAM does not know',
        { iss: 'https://oidc.other.example' },
        'issuer',
        { node: 'No OpenIDConnect provider found', python: 'InvalidIdentityTokenException' },
      ],
      [
        'is signed by a stranger',
        {},
        'stranger',
        { node: "Couldn't retrieve verification key", python: 'InvalidIdentityTokenException' },
      ],
      [
        'is of another service account',
        { sub: 'system:serviceaccount:loans:other' },
        'issuer',
        { node: 'Not authorized to perform sts:AssumeRoleWithWebIdentity', python: 'ClientError' },
      ],
    ])('says so, and calls nothing, if its token %s', async (_what, claims, signedBy, expected) => {
      const { url, output } = await handOver({
        prepare: () => void cloud.giveToken({ ...ownClaims(), ...claims }, signedBy),
      });
      expect(url).toBeUndefined();
      expect(output).toContain(expected[language]);
      expect(service.vendor.requests).toEqual([]);
    });
  });
}
