import { expect, test } from '@jest/globals';
import { compactDecrypt, decodeProtectedHeader } from 'jose';
import { openLaunchToken } from '../../../functions/launch-links/launch-token.ts';
import { sealOldLaunchToken } from '../../../functions/launch-links/seal-old-launch-token.ts';
import { launchKeyOf, oldLaunchVectors } from '../../support/launch-vectors.ts';

test.each(oldLaunchVectors.tokens)('version 1.0.0 opens what this version makes: $claims', async (vector) => {
  const { keyId, claims } = vector;
  const token = await sealOldLaunchToken(claims, launchKeyOf(keyId));
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'dir', enc: 'A256GCM', kid: keyId });
  const { plaintext } = await compactDecrypt(token, launchKeyOf(keyId).bytes, {
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
  });
  const { uid, expiresAt, language } = claims;
  expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual({ sub: uid, exp: expiresAt, l: language });
  expect(await openLaunchToken(token, async (id) => launchKeyOf(id))).toEqual(claims);
});
