import { randomUUID } from 'node:crypto';
import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SecretsManagerRotationEventStep } from 'aws-lambda';
import type { Fault } from '../../../bin/stand-ins/begini/begini-faults.ts';
import { createVendorClient } from '../../../functions/begini/client.ts';
import { rotationHandler } from '../../../functions/rotate-credentials/rotation-handler.ts';
import { labelBehaviours, newPair, oldPair, type Rotations, startRotations } from '../../support/rotation.ts';

describe.each(labelBehaviours)('when $name,', ({ pendingStays, finalLabels }) => {
  let rotations: Rotations;

  beforeEach(async () => {
    rotations = await startRotations({ pendingStays });
  });
  afterEach(() => rotations.close());

  const logged = () => rotations.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const codes = () => logged().flatMap(({ code }) => code ?? []);
  const invoke = (Step: string, token: string, SecretId = rotations.versions.secretId) =>
    rotations.handler(
      { Step: Step as SecretsManagerRotationEventStep, SecretId, ClientRequestToken: token },
      { awsRequestId: 'lambda-request-id' },
    );
  const setUpAgain = async (options: Parameters<typeof startRotations>[0]) => {
    await rotations.close();
    rotations = await startRotations({ pendingStays, ...options });
  };

  /** The pair in use is unchanged, and nothing is pending. */
  async function expectNothingChanged(): Promise<void> {
    expect(await rotations.currentKey()).toBe(oldPair.apiKey);
    expect((await rotations.versions.versionIdsByLabel()).get('AWSPENDING')).toBeUndefined();
  }

  /** The state after every failure: nothing has changed, and a good pair succeeds next time. */
  async function expectNothingStuck(): Promise<void> {
    await expectNothingChanged();
    rotations.vendor.setFault({ fault: 'none' });
    await rotations.stage(newPair);
    const token = await rotations.rotate();
    expect(await rotations.labelsOf(token)).toEqual(finalLabels);
  }

  test('tests the staged pair with one signed call for a new uid, and makes it current', async () => {
    const staged = await rotations.stage(newPair);
    const token = await rotations.rotate();
    expect(await rotations.currentKey()).toBe(newPair.apiKey);
    expect([await rotations.labelsOf(token), await rotations.labelsOf(staged)]).toEqual([finalLabels, []]);
    expect(rotations.vendor.requests.map(({ accepted }) => accepted)).toEqual([true]);
    const { uid } = JSON.parse(String(rotations.vendor.requests[0]?.rawBody));
    expect(uid).toMatch(/^ROTCHK[0-9a-f]{32}$/);
  });

  test('signs nothing if the stage turns HMAC off', async () => {
    await setUpAgain({ hmac: false });
    await rotations.stage(newPair);
    await rotations.rotate();
    expect(rotations.vendor.requests[0]?.headers).not.toHaveProperty('x-signature');
    expect(await rotations.currentKey()).toBe(newPair.apiKey);
  });

  test.each([oldPair, { apiKey: 'UNSET', integrationId: 'UNSET' }])(
    'is tested by Secrets Manager without a call to the vendor',
    async (pair) => {
      await setUpAgain({ secret: JSON.stringify(pair) });
      const { client, versions, secretsManager } = rotations;
      await client.send(new RotateSecretCommand({ SecretId: versions.secretId, RotateImmediately: false }));
      await secretsManager.rotationEnded();
      expect(logged()).toMatchObject([{ step: 'testSecret', outcome: 'step_done' }]);
      expect(rotations.vendor.requests).toEqual([]);
    },
  );

  test('fails at the deadline if nothing is staged', async () => {
    await rotations.rotate();
    expect(codes()).toEqual(['nothing_staged']);
    await expectNothingStuck();
  });

  test.each([
    ['the sentinel', { apiKey: 'UNSET', integrationId: 'UNSET' }],
    ['no JSON', 'new-api-key'],
  ])('never calls the vendor with %s', async (_, value) => {
    await rotations.stage(value);
    await rotations.rotate();
    expect(codes()).toEqual(['not_a_pair']);
    expect(rotations.vendor.requests).toEqual([]);
    await expectNothingStuck();
  });

  test('does not accept the current pair as a new one', async () => {
    const staged = await rotations.stage({ integrationId: oldPair.integrationId, apiKey: oldPair.apiKey });
    await rotations.rotate();
    expect(codes()).toEqual(['same_as_current']);
    expect(await rotations.labelsOf(staged)).toEqual(['BEGINI_NEXT', 'BEGINI_SAME']);
    expect(rotations.vendor.requests).toEqual([]);
    await expectNothingStuck();
  });

  const none: Fault = { fault: 'none' };
  const claims = Buffer.from('{"integration_id":"another"}').toString('base64url');
  const ofAnother: Fault = { fault: 'raw-answer', body: { access_token: `e30.${claims}.c2ln` } };
  test.each<[string, typeof newPair, Fault, string, string]>([
    ['a wrong key', { ...newPair, apiKey: 'wrong' }, none, 'refused_401', 'BEGINI_REFUSED_401'],
    [
      'a key of another integration',
      { ...newPair, integrationId: '2' },
      none,
      'refused_403',
      'BEGINI_REFUSED_403',
    ],
    ['a rejected pair', newPair, { fault: 'status', status: 422 }, 'rejected_422', 'BEGINI_REJECTED_422'],
    ['a session of another integration', newPair, ofAnother, 'vendor_unusable', 'BEGINI_UNUSABLE'],
    ['a busy vendor', newPair, { fault: 'status', status: 429 }, 'vendor_unreachable', 'BEGINI_UNREACHABLE'],
    ['a lost connection', newPair, { fault: 'reset' }, 'vendor_unreachable', 'BEGINI_UNREACHABLE'],
  ])('treats any answer without a session as a failure: %s', async (_, pair, fault, code, verdict) => {
    rotations.vendor.setFault(fault);
    await rotations.stage(pair);
    const token = await rotations.rotate();
    expect(codes()).toEqual([code]);
    expect(logged().at(-1)).toMatchObject({ step: 'testSecret', verdict });
    expect(logged().at(-1)?.vendorStatus).toBe(rotations.vendor.requests.at(-1)?.status);
    expect(await rotations.labelsOf(token)).toEqual(['BEGINI_NEXT', verdict]);
    await expectNothingStuck();
  });

  test('promotes the staged pair when Secrets Manager retries a rotation that failed while the vendor was down', async () => {
    rotations.vendor.setFault({ fault: 'status', status: 503 });
    await rotations.stage(newPair);
    const token = await rotations.rotate();
    await rotations.secretsManager.repeatRotation();
    expect(codes()).toEqual(['vendor_unreachable', 'vendor_unreachable']);
    rotations.vendor.setFault({ fault: 'none' });
    await rotations.secretsManager.repeatRotation();
    expect(await rotations.labelsOf(token)).toContain('AWSCURRENT');
    expect(await rotations.currentKey()).toBe(newPair.apiKey);
  });

  test('a retry of a rotation does not promote a withdrawn pair', async () => {
    rotations.vendor.setFault({ fault: 'status', status: 503 });
    await rotations.stage(newPair);
    const token = await rotations.rotate();
    await rotations.versions.detach('BEGINI_NEXT', token);
    rotations.vendor.setFault({ fault: 'none' });
    await rotations.secretsManager.repeatRotation();
    expect(codes()).toEqual(['vendor_unreachable', 'nothing_staged']);
    await expectNothingStuck();
  });

  test.each(['createSecret', 'setSecret', 'testSecret', 'finishSecret'])(
    'may call %s twice',
    async (twice) => {
      rotations.secretsManager.setRotation('credentials', async (event) => {
        await rotations.handler(event, { awsRequestId: '1' });
        if (event.Step === twice) await rotations.handler(event, { awsRequestId: '2' });
      });
      await rotations.stage(newPair);
      const token = await rotations.rotate();
      expect(codes()).toEqual([]);
      expect(await rotations.labelsOf(token)).toEqual(finalLabels);
    },
  );

  test('may call any step of a successful rotation again, without effect', async () => {
    await rotations.stage(newPair);
    const token = await rotations.rotate();
    await rotations.secretsManager.repeatRotation();
    expect(codes()).toEqual([]);
    expect(await rotations.labelsOf(token)).toEqual(finalLabels);
    expect(rotations.vendor.requests).toHaveLength(1);
  });

  // When rotation is set up, Secrets Manager tests the function with a version that createSecret did not make, and may
  // show it without a label: an error would raise an alarm on the first deployment.
  test('testSecret of a token without BEGINI_NEXT is a success without a call, and changes nothing', async () => {
    await invoke('testSecret', randomUUID());
    const staged = await rotations.stage(newPair);
    await invoke('testSecret', randomUUID());
    expect(rotations.vendor.requests).toEqual([]);
    expect(await rotations.labelsOf(staged)).toEqual(['BEGINI_NEXT']);
    await expectNothingStuck();
  });

  test.each([
    ['createSecret', 'of another secret', 'wrong_secret', 'secret:other-aaaaaa'],
    ['toString', 'which does not exist', 'unknown_step', undefined],
  ])('refuses the step %s, %s, and changes nothing', async (step, _, code, secretId) => {
    await expect(invoke(step, randomUUID(), secretId)).rejects.toMatchObject({ code });
    expect(rotations.secretsManager.requests).toEqual([]);
  });

  describe.each(['createSecret', 'finishSecret'])('%s', (step) => {
    test('refuses an unknown token, and does not change the rotation in progress', async () => {
      const foreign = randomUUID();
      const token = randomUUID();
      await rotations.stage(newPair, token);
      rotations.secretsManager.setRotation('credentials', async (event) => {
        await expect(invoke(step, foreign)).rejects.toMatchObject({ code: 'not_pending' });
        await rotations.handler(event, { awsRequestId: '1' });
      });
      const { client, versions, secretsManager } = rotations;
      const SecretId = versions.secretId;
      await client.send(new RotateSecretCommand({ SecretId, ClientRequestToken: token }));
      await secretsManager.rotationEnded();
      expect(await rotations.labelsOf(token)).toEqual(finalLabels);
    });

    test('refuses a token while nothing is in progress', async () => {
      await rotations.stage(newPair);
      await expect(invoke(step, randomUUID())).rejects.toMatchObject({ code: 'not_pending' });
      await expectNothingStuck();
    });
  });

  test('does not accept a pair that was staged for another rotation, for example by an interrupted command', async () => {
    const abandoned = await rotations.stage(newPair);
    await rotations.rotate(randomUUID());
    expect(codes()).toEqual(['staged_for_another']);
    expect(rotations.vendor.requests).toEqual([]);
    expect(await rotations.labelsOf(abandoned)).toEqual(['BEGINI_NEXT']);
    await expectNothingStuck();
  });

  test.each(['PutSecretValue', 'UpdateSecretVersionStage'])(
    'does not promote a pair that is withdrawn just before its call of %s',
    async (operation) => {
      const token = randomUUID();
      const staged = await rotations.stage(newPair, token);
      const { versions, secretsManager } = rotations;
      const withdraw = async (from: string) => await versions.detach('BEGINI_NEXT', from);
      const handler = rotationHandler({
        stage: 'test',
        vendor: createVendorClient({ origin: rotations.vendor.origin }),
        hmac: true,
        writeLine: (line) => rotations.lines.push(line),
        versions: {
          ...versions,
          put: async (...put) => {
            if (operation === 'PutSecretValue') await withdraw(staged);
            await versions.put(...put);
          },
          attach: async (label, ...rest) => {
            await versions.attach(label, ...rest);
            if (label === 'BEGINI_NEXT') await withdraw(token);
          },
        },
      });
      secretsManager.setRotation('credentials', (event) => handler(event, { awsRequestId: '1' }));
      await rotations.rotate(token);
      await expectNothingChanged();
    },
  );

  test('testSecret refuses a token whose pair is still on the staged version: it may see the labels too late', async () => {
    const token = randomUUID();
    await rotations.stage(newPair, token);
    await expect(invoke('testSecret', token)).rejects.toMatchObject({ code: 'not_pending' });
    expect(rotations.vendor.requests).toEqual([]);
  });

  test.each(['testSecret', 'finishSecret'])('%s refuses a version that is only staged', async (step) => {
    const staged = await rotations.stage(newPair);
    await expect(invoke(step, staged)).rejects.toMatchObject({ code: 'not_pending' });
    expect(await rotations.labelsOf(staged)).toEqual(['BEGINI_NEXT']);
  });

  test('does not finish a version that createSecret never filled', async () => {
    rotations.secretsManager.setRotation('credentials', async (event) => {
      if (event.Step === 'finishSecret') await rotations.handler(event, { awsRequestId: '1' });
    });
    await rotations.stage(newPair);
    await rotations.rotate();
    expect(codes()).toEqual(['not_pending']);
    await expectNothingChanged();
  });

  test('abandons a rotation that a newer staged pair has replaced', async () => {
    rotations.secretsManager.setRotation('credentials', async (event) => {
      if (event.Step === 'finishSecret') await rotations.stage(newPair);
      await rotations.handler(event, { awsRequestId: '1' });
    });
    await rotations.stage(newPair);
    await rotations.rotate();
    expect(codes()).toEqual(['not_pending']);
    await expectNothingChanged();
  });

  // The calls of a whole rotation: createSecret describes, reads twice, puts and moves
  // BEGINI_NEXT; testSecret describes and reads;
  // finishSecret describes, removes BEGINI_NEXT and moves AWSCURRENT.
  describe.each(Array.from({ length: 10 }, (_, call) => call))('a failure of call %i', (call) => {
    test.each([1, 2, 20])('of Secrets Manager, and %i in all, blocks nothing', async (times) => {
      const token = randomUUID();
      await rotations.stage(newPair, token);
      const { client, versions, secretsManager } = rotations;
      // RotateSecret itself is the first.
      secretsManager.fail({ statusCode: 500, errorName: 'InternalServiceError', times, after: call + 1 });
      await client.send(new RotateSecretCommand({ SecretId: versions.secretId, ClientRequestToken: token }));
      await secretsManager.rotationEnded();
      secretsManager.fail('none');

      expect(codes()).toEqual(['secrets_unavailable']);
      expect(logged().at(-1)).toMatchObject({ outcome: 'step_failed', reason: 'InternalServiceError' });
      expect(await rotations.currentKey()).toBe(oldPair.apiKey);

      // The operator's command removes a leftover; Secrets Manager's own retry does not need this.
      await secretsManager.repeatRotation();
      const versionIds = await versions.versionIdsByLabel();
      if (versionIds.get('AWSCURRENT') !== token) {
        if (versionIds.get('AWSPENDING')) await versions.detach('AWSPENDING', token);
        await rotations.stage(newPair);
        await rotations.rotate();
      }
      expect(await rotations.currentKey()).toBe(newPair.apiKey);
      const ended = await versions.versionIdsByLabel();
      expect([undefined, ended.get('AWSCURRENT')]).toContain(ended.get('AWSPENDING'));
    });
  });

  test('writes one line per step, without values in any line or error', async () => {
    const canary = { apiKey: 'CANARY-API-KEY', integrationId: 'CANARY-INTEGRATION' };
    const thrown: unknown[] = [];
    rotations.secretsManager.setRotation('credentials', (event) =>
      rotations.handler(event, { awsRequestId: '1' }).catch((error) => {
        thrown.push(error.name, error.message, error.stack, JSON.stringify(error), error.cause);
        throw error;
      }),
    );
    const claims = Buffer.from('{"uid":"CANARY"}').toString('base64url');
    const faults: Fault[] = [
      { fault: 'none' },
      { fault: 'raw-answer', status: 422, body: canary },
      { fault: 'raw-answer', body: { access_token: `CANARY.${claims}.CANARY` } },
      { fault: 'reset' },
    ];
    // Before each rotation after a failed one, the retry of the failed one fails, because another pair is staged.
    for (const fault of faults) {
      rotations.vendor.setFault(fault);
      await rotations.stage(canary);
      await rotations.rotate();
    }
    await rotations.stage('CANARY');
    await rotations.rotate();
    rotations.vendor.setFault({ fault: 'none' });
    rotations.vendor.changeCredentials(canary);
    await rotations.stage(canary);
    await rotations.rotate();
    expect(await rotations.currentKey()).toBe(canary.apiKey);

    expect(logged().map(({ step, code }) => code ?? step)).toEqual([
      ...['createSecret', 'setSecret', 'refused_401', 'staged_for_another'],
      ...['createSecret', 'setSecret', 'rejected_422', 'staged_for_another'],
      ...['createSecret', 'setSecret', 'vendor_unusable', 'staged_for_another'],
      ...['createSecret', 'setSecret', 'vendor_unreachable', 'staged_for_another'],
      ...['not_a_pair', 'not_pending'],
      ...['createSecret', 'setSecret', 'testSecret', 'finishSecret'],
    ]);
    const signatures = rotations.vendor.requests.flatMap(({ headers }) => headers['x-signature'] ?? []);
    expect(signatures.length).toBeGreaterThan(4);
    const everything = [...rotations.lines, ...thrown].join('\n');
    for (const mark of ['CANARY', 'ROTCHK', 'eyJ', ...signatures]) expect(everything).not.toContain(mark);
  });
});
