import { randomUUID } from 'node:crypto';
import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type RotatePairOptions, rotatePair } from '../../../bin/rotate/rotate-pair.ts';
import type { Fault } from '../../../bin/stand-ins/begini/begini-faults.ts';
import {
  labelBehaviours,
  newPair,
  oldPair,
  type Rotations,
  secretName,
  startRotations,
} from '../../support/rotation.ts';

describe.each(labelBehaviours)('when $name,', ({ pendingStays, finalLabels }) => {
  let rotations: Rotations;
  let said: string[];

  beforeEach(async () => {
    rotations = await startRotations({ pendingStays });
    said = [];
  });
  afterEach(() => rotations.close());

  const rotateTo = (pair = newPair, options: Partial<RotatePairOptions> = {}) =>
    rotatePair(pair, {
      client: rotations.client,
      versions: rotations.versions,
      say: (sentence) => said.push(sentence),
      pollMs: 1,
      ...options,
    });
  /** Runs the command, and interrupts it when it says this. */
  const interruptAt = (beginning: string, options: Partial<RotatePairOptions> = {}) => {
    const interruption = new AbortController();
    return rotateTo(newPair, {
      ...options,
      signal: interruption.signal,
      say: (sentence) => sentence.startsWith(beginning) && interruption.abort(),
    });
  };
  type Event = Parameters<Rotations['handler']>[0];
  const runStep = (event: Event) => rotations.handler(event, { awsRequestId: '1' });
  /** Has Secrets Manager call this in the place of the function. */
  const setFunction = (step: (event: Event) => Promise<void>) =>
    rotations.secretsManager.setRotation(secretName, step);
  const refuseCall = (after: number) =>
    rotations.secretsManager.fail({ statusCode: 400, errorName: 'AccessDeniedException', times: 1, after });
  /** The labels in use after the rotation has cleaned up. */
  const labels = async () => {
    await rotations.secretsManager.rotationEnded();
    return [...(await rotations.versions.versionIdsByLabel()).keys()].sort();
  };
  const operations = () => rotations.secretsManager.requests.map(({ operation }) => operation);
  const ownLabels = [...finalLabels, 'AWSPREVIOUS'];

  test('puts a good pair in use', async () => {
    expect(await rotateTo()).toBeUndefined();
    expect(await rotations.currentKey()).toBe(newPair.apiKey);
    expect(await labels()).toEqual(ownLabels);
    expect(said.join('\n')).not.toContain(newPair.apiKey);
  });

  test('puts the first pair in use', async () => {
    await rotations.close();
    rotations = await startRotations({ pendingStays, secret: '{"apiKey":"UNSET","integrationId":"UNSET"}' });
    expect(await rotateTo()).toBeUndefined();
    expect(await rotations.currentKey()).toBe(newPair.apiKey);
  });

  test('never reads a value, and needs no permission to', async () => {
    setFunction(async () => undefined);
    await rotateTo(newPair, { timeoutMs: 5 });
    expect([...new Set(operations())].sort()).toEqual([
      'DescribeSecret',
      'PutSecretValue',
      'RotateSecret',
      'UpdateSecretVersionStage',
    ]);
  });

  const none: Fault = { fault: 'none' };
  test.each<[string, typeof newPair, Fault, string]>([
    ['the current pair', oldPair, none, 'in use already'],
    ['a wrong key', { ...newPair, apiKey: 'wrong' }, none, '401'],
    [
      'key and integration id swapped',
      { apiKey: newPair.integrationId, integrationId: newPair.apiKey },
      none,
      '401',
    ],
    ['the pair of another environment', { apiKey: 'test-key', integrationId: 'test-id' }, none, '401'],
    ['a key of another integration', { ...newPair, integrationId: 'other' }, none, '403'],
    ['a pair whose integration id Begini rejects', newPair, { fault: 'status', status: 422 }, '422'],
    ['a good pair while Begini is busy', newPair, { fault: 'status', status: 429 }, 'busy'],
    ['a good pair while Begini is unreachable', newPair, { fault: 'reset' }, 'unreachable'],
  ])('says why %s is not accepted, and accepts a good one next', async (_, pair, fault, reason) => {
    rotations.vendor.setFault(fault);
    const verdict = await rotateTo(pair);
    expect(verdict?.reason).toContain(reason);
    expect(verdict?.next).toBeTruthy();
    expect(await rotations.currentKey()).toBe(oldPair.apiKey);

    // Withdrawn: even if Secrets Manager retries by itself, the pair is put in use only if this is run again.
    rotations.vendor.setFault(none);
    await rotations.secretsManager.repeatRotation();
    expect(await rotations.currentKey()).toBe(oldPair.apiKey);
    expect(await rotateTo()).toBeUndefined();
    expect(await labels()).toEqual(ownLabels);
  });

  test('waits for a rotation in progress, and then starts its own', async () => {
    const blocked = Promise.withResolvers<void>();
    setFunction(async (event) => {
      await blocked.promise;
      await runStep(event);
    });
    await rotations.stage({ ...newPair, apiKey: 'wrong' });
    await rotations.client.send(new RotateSecretCommand({ SecretId: rotations.versions.secretId }));
    const second = rotateTo();
    while (said.length === 0) await new Promise(setImmediate);
    expect(said[0]).toContain('Another rotation is in progress');
    blocked.resolve();
    expect(await second).toBeUndefined();
    expect(await rotations.currentKey()).toBe(newPair.apiKey);
  });

  test('removes AWSPENDING from a rotation that does not end, after saying so', async () => {
    const leftover = await rotations.stage(oldPair);
    await rotations.versions.attach('AWSPENDING', leftover, new Map());
    expect(await rotateTo(newPair, { leftoverMs: 5 })).toBeUndefined();
    expect(said.slice(0, 2)).toEqual([
      `Another rotation is in progress, version ${leftover}. Waiting for it to end.`,
      `That rotation does not end: removing AWSPENDING from version ${leftover}.`,
    ]);
    expect(await labels()).toEqual(ownLabels);
  });

  test('abandons a rotation that does not end, so that it cannot succeed unnoticed', async () => {
    const blocked = Promise.withResolvers<void>();
    setFunction(async (event) => {
      if (event.Step === 'finishSecret') await blocked.promise;
      await runStep(event);
    });
    expect(await rotateTo(newPair, { timeoutMs: 100 })).toMatchObject({
      reason: 'The rotation did not end in time, and was abandoned.',
    });
    blocked.resolve();
    await rotations.secretsManager.rotationEnded();
    expect(await rotations.currentKey()).toBe(oldPair.apiKey);
    expect(await labels()).toEqual(['AWSCURRENT']);
  });

  test('says so if a rotation ended without a verdict', async () => {
    setFunction((event) => rotations.versions.detach('AWSPENDING', event.ClientRequestToken));
    expect(await rotateTo(newPair, { startMs: 5 })).toMatchObject({
      reason: 'The rotation ended early without a reason.',
    });
    expect(await labels()).toEqual(['AWSCURRENT']);
  });

  test.each([
    ['has staged its pair', ['BEGINI_NEXT']],
    ['is being tested', ['AWSPENDING']],
    ['was refused', ['BEGINI_REFUSED_401']],
    ['has put its pair in use', ['AWSCURRENT']],
  ])('says so if another run, which %s, has ended the rotation', async (_, labels) => {
    const { versions, secretsManager } = rotations;
    setFunction(async (event) => {
      if (event.Step !== 'createSecret') return;
      const other = randomUUID();
      await versions.put(other, JSON.stringify(oldPair), labels);
      for (const [label, holder] of await versions.versionIdsByLabel()) {
        const isOurs = ['AWSPENDING', 'BEGINI_NEXT'].includes(label) && holder !== other;
        if (isOurs) await versions.detach(label, holder);
      }
    });
    let clock = 0;
    const verdict = await rotateTo(newPair, {
      startMs: 15,
      now: () => (clock += 10),
      wait: () => secretsManager.rotationEnded(),
    });
    expect(verdict).toMatchObject({ reason: 'Another run of this command has staged its pair.' });
  });

  // Describe twice, put, rotate, describe: the calls of the command itself before the rotation ends.
  test.each([0, 1, 2, 3, 4])(
    'leaves nothing staged, and can be run again, after it stopped at its call %i',
    async (call) => {
      setFunction(async () => undefined);
      refuseCall(call);
      await expect(rotateTo()).rejects.toMatchObject({ name: 'AccessDeniedException' });
      expect(await labels()).toEqual(['AWSCURRENT']);
      setFunction(runStep);
      expect(await rotateTo(newPair, { leftoverMs: 5 })).toBeUndefined();
      expect(await rotations.currentKey()).toBe(newPair.apiKey);
      expect(await labels()).toEqual(ownLabels);
    },
  );

  test('reports the verdict although the function removes the label at the same moment', async () => {
    const { vendor, versions } = rotations;
    vendor.setFault({ fault: 'status', status: 401 });
    const verdict = await rotateTo(newPair, {
      versions: {
        ...versions,
        detach: async (label, versionId) => {
          await versions.detach(label, versionId);
          throw Object.assign(new Error('not attached'), { name: 'InvalidParameterException' });
        },
      },
    });
    expect(verdict?.reason).toContain('401');
    expect(await labels()).toContain('BEGINI_REFUSED_401');
  });

  test.each(['createSecret', 'setSecret', 'testSecret', 'finishSecret'])(
    'abandons a rotation if its function dies in %s, and accepts the pair next time',
    async (step) => {
      setFunction(async (event) => {
        if (event.Step === step) throw new Error('out of memory');
        await runStep(event);
      });
      expect(await rotateTo(newPair, { timeoutMs: 100 })).toMatchObject({
        reason: 'The rotation did not end in time, and was abandoned.',
      });
      expect(await rotations.currentKey()).toBe(oldPair.apiKey);
      expect(await labels()).toEqual(['AWSCURRENT']);
      setFunction(runStep);
      expect(await rotateTo()).toBeUndefined();
      expect(await labels()).toEqual(ownLabels);
    },
  );

  test('withdraws the pair when it is interrupted after staging, and the deadline promotes nothing', async () => {
    expect(await interruptAt('Staged as')).toMatchObject({ reason: expect.stringContaining('withdrawn') });
    expect(await labels()).toEqual(['AWSCURRENT']);
    expect(operations()).not.toContain('RotateSecret');
    await rotations.rotate();
    expect(await rotations.currentKey()).toBe(oldPair.apiKey);
  });

  test('knows after an interruption of the rotation whether the pair is in use', async () => {
    const verdict = await interruptAt('Rotation started');
    await rotations.secretsManager.rotationEnded();
    const isInUse = (await rotations.currentKey()) === newPair.apiKey;
    expect(verdict === undefined).toBe(isInUse);
    expect(await labels()).toEqual(isInUse ? ownLabels : ['AWSCURRENT']);
  });

  test('starts the rotation again while Secrets Manager retries an earlier one', async () => {
    rotations.vendor.setFault({ fault: 'status', status: 503 });
    await rotations.stage(newPair);
    await rotations.rotate();
    rotations.vendor.setFault(none);
    expect(await rotateTo()).toBeUndefined();
    expect(said.join('\n')).toContain('has not completed an earlier rotation');
    expect(await rotations.currentKey()).toBe(newPair.apiKey);
  });

  test('recognises its own rotation if the answer to its start was lost and the SDK called again', async () => {
    const { client } = rotations;
    const send = client.send.bind(client) as (command: object) => Promise<object>;
    client.send = (async (command: object) => {
      const answer = await send(command);
      return command instanceof RotateSecretCommand ? await send(command) : answer;
    }) as typeof client.send;
    expect(await rotateTo()).toBeUndefined();
    expect(operations().filter((operation) => operation === 'RotateSecret')).toHaveLength(2);
    expect(said.join()).not.toContain('earlier rotation');
    expect(await rotations.currentKey()).toBe(newPair.apiKey);
  });

  test('gives the reason if Secrets Manager refuses for a minute, and withdraws the pair', async () => {
    let time = 0;
    const { versions } = rotations;
    const other = await rotations.stage(oldPair);
    const verdict = await rotateTo(newPair, {
      pollMs: 500,
      now: () => time,
      wait: async (ms) => {
        time += ms;
      },
      versions: {
        ...versions,
        put: async (...put) => {
          await versions.put(...put);
          await versions.attach('AWSPENDING', other, new Map());
        },
      },
    });
    expect(verdict?.reason).toContain('earlier one is not complete');
    const tokens = operations().filter((operation) => operation === 'RotateSecret');
    expect([tokens.length, time]).toEqual([121, 60_000]);
    expect(await labels()).toEqual(['AWSCURRENT', 'AWSPENDING']);
  });

  describe('--compromised', () => {
    const compromised = async () => (await rotations.versions.versionIdsByLabel()).get('BEGINI_COMPROMISED');
    const inUse = async () => (await rotations.versions.versionIdsByLabel()).get('AWSCURRENT');
    const rotateCompromised = (pair = newPair) => rotateTo(pair, { isCompromised: true });

    test('marks the pair in use before the rotation starts, and it stays marked after PASS', async () => {
      const before = await inUse();
      let markedAtStart: string | undefined;
      setFunction(async (event) => {
        markedAtStart ??= await compromised();
        await runStep(event);
      });
      expect(await rotateCompromised()).toBeUndefined();
      expect(markedAtStart).toBe(before);
      expect((await rotations.labelsOf(before ?? '')).sort()).toEqual(['AWSPREVIOUS', 'BEGINI_COMPROMISED']);
    });

    test('withdraws the mark after FAIL, and gives it back to an earlier pair where it counts', async () => {
      expect(await rotateCompromised({ ...newPair, apiKey: 'wrong' })).toBeDefined();
      expect(await compromised()).toBeUndefined();
      const first = await inUse();
      expect(await rotateCompromised()).toBeUndefined();
      expect(await rotateCompromised({ ...newPair, apiKey: 'wrong' })).toBeDefined();
      expect(await compromised()).toBe(first);
    });

    test('withdraws the mark when it is interrupted', async () => {
      await interruptAt('Staged', { isCompromised: true });
      expect(await labels()).toEqual(['AWSCURRENT']);
    });

    // Describe twice, describe and mark, put, rotate, describe: wherever the command fails, it withdraws the mark.
    test.each([0, 1, 2, 3, 4, 5, 6])('leaves no mark if it stopped at its call %i', async (after) => {
      setFunction(async () => undefined);
      refuseCall(after);
      await expect(rotateCompromised()).rejects.toMatchObject({ name: 'AccessDeniedException' });
      expect(await compromised()).toBeUndefined();
    });

    test('withdraws a mark whose answer was lost', async () => {
      const { versions } = rotations;
      const lost = rotateTo(newPair, {
        isCompromised: true,
        versions: {
          ...versions,
          attach: async (label, versionId, versionIds) => {
            await versions.attach(label, versionId, versionIds);
            throw Object.assign(new Error('lost'), { name: 'TimeoutError' });
          },
        },
      });
      await expect(lost).rejects.toMatchObject({ name: 'TimeoutError' });
      expect(await labels()).toEqual(['AWSCURRENT']);
    });

    test('an ordinary run removes the mark that a command left which died', async () => {
      const { versions } = rotations;
      await versions.attach('BEGINI_COMPROMISED', (await inUse()) ?? '', await versions.versionIdsByLabel());
      expect(await rotateTo()).toBeUndefined();
      expect(await labels()).toEqual(ownLabels);
    });

    test('an ordinary run keeps the mark of a pair that is no longer in use', async () => {
      const first = await inUse();
      await rotateCompromised();
      await rotateTo({ ...newPair, apiKey: 'wrong' });
      expect(await compromised()).toBe(first);
    });
  });

  test('two operators at once: PASS and FAIL are true in each of 50 rounds', async () => {
    const { vendor, secretsManager } = rotations;
    const everCurrent = new Set<string | undefined>();
    setFunction(async (event) => {
      try {
        await runStep(event);
      } finally {
        everCurrent.add(await rotations.currentKey());
      }
    });
    const rotateAs = async (apiKey: string) => {
      const verdict = await rotateTo({ ...newPair, apiKey }, { pollMs: 5 });
      return { apiKey, verdict, current: await rotations.currentKey() };
    };
    let passes = 0;
    for (let round = 0; round < 50; round += 1) {
      const keys = [`first-${round}`, `second-${round}`];
      for (const apiKey of keys) vendor.changeCredentials({ ...newPair, apiKey }, { overlapMs: 60_000 });
      const ends: Awaited<ReturnType<typeof rotateAs>>[] = [];
      await Promise.all(keys.map(async (apiKey) => ends.push(await rotateAs(apiKey))));
      await secretsManager.rotationEnded();
      for (const { apiKey, verdict } of ends) {
        expect([apiKey, everCurrent.has(apiKey)]).toEqual([apiKey, verdict === undefined]);
      }
      const passed = ends.filter(({ verdict }) => verdict === undefined);
      passes += passed.length;
      if (passed.length > 0) {
        expect(passed.map(({ apiKey }) => apiKey)).toContain(await rotations.currentKey());
      }
    }
    expect(passes).toBeGreaterThan(0);
  });
});
