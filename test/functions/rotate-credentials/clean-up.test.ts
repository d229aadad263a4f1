import { expect, test } from '@jest/globals';
import { rotationHandler } from '../../../functions/rotate-credentials/rotation-handler.ts';
import type { SecretVersions } from '../../../functions/secrets/secret-versions.ts';

const token = 'token-of-this-rotation';

/**
 * Runs createSecret over versions with these labels, and says which labels it moved and removed. With `failure`,
 * Secrets Manager fails from its second call on.
 */
async function createSecret(labels: Record<string, string>, failure?: Error) {
  const changes: string[] = [];
  const lines: string[] = [];
  let calls = 0;
  const versions: SecretVersions = {
    secretId: 'secret',
    async versionIdsByLabel() {
      calls += 1;
      if (failure && calls > 1) throw failure;
      return new Map(Object.entries(labels));
    },
    valueOf: async () => undefined,
    valueOfVersion: async () => undefined,
    put: async (versionId) => void changes.push(`put ${versionId}`),
    attach: async (label, versionId) => void changes.push(`${label} to ${versionId}`),
    detach: async (label, versionId) => void changes.push(`${label} from ${versionId}`),
  };
  const vendor = {
    send: () => Promise.reject(),
    startWarmUp: async () => undefined,
    warmUp: async () => undefined,
    close: () => undefined,
  };
  const handler = rotationHandler({
    stage: 'test',
    versions,
    vendor,
    hmac: true,
    writeLine: (line) => lines.push(line),
  });
  const event = { Step: 'createSecret', SecretId: 'secret', ClientRequestToken: token } as const;
  await handler(event, { awsRequestId: 'lambda-request-id' }).catch(() => undefined);
  return { changes, line: JSON.parse(String(lines)) as Record<string, unknown> };
}

test('a rotation that fails takes no AWSPENDING from another one', async () => {
  const { changes, line } = await createSecret({ AWSCURRENT: 'old', AWSPENDING: 'another' });
  expect(line).toMatchObject({ outcome: 'step_failed', code: 'not_pending' });
  expect(changes).toEqual([]);
});

test('a rotation that fails says in its log line why it could not clean up', async () => {
  const failure = Object.assign(new Error('secret'), { name: 'AccessDeniedException' });
  const { line } = await createSecret({ AWSCURRENT: 'old', AWSPENDING: token }, failure);
  expect(line).toMatchObject({ code: 'nothing_staged', cleanUpReason: 'AccessDeniedException' });
});

test.each([
  ['no AWSPENDING', {}],
  ['AWSPENDING on the current version', { AWSPENDING: 'old' }],
])('an earlier try that left its label is continued with %s', async (_, labels) => {
  const { changes } = await createSecret({ AWSCURRENT: 'old', BEGINI_NEXT: token, ...labels });
  expect(changes).toEqual([`AWSPENDING to ${token}`]);
});

test('an earlier try is not continued while another rotation is in progress', async () => {
  const { changes, line } = await createSecret({
    AWSCURRENT: 'old',
    AWSPENDING: 'another',
    BEGINI_NEXT: token,
  });
  expect(line).toMatchObject({ code: 'not_pending' });
  expect(changes).toEqual([]);
});
