import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../../bin/stand-ins/begini/begini-simulator.ts';
import { makeAccessToken } from '../../bin/stand-ins/begini/begini-token.ts';
import type { Delivery } from '../../bin/stand-ins/begini/begini-webhook.ts';
import { startLoopbackServer } from '../../bin/stand-ins/loopback.ts';

const uid = 'CANARY-UID-12345';
const exp = Math.floor(Date.now() / 1000) + 3_600;
const nextPair = { ...simulatedCredentials, apiKey: 'renewed-key' };

/** Runs an example of a receiver against the simulator. */
export function describeReceiver(program: string, file: string): void {
  let simulator: BeginiSimulator;
  let receiver: ChildProcess;
  let output: string;
  let receiverUrl: string;

  beforeEach(async () => {
    const port = await freePort();
    output = '';
    receiverUrl = `http://127.0.0.1:${port}/`;
    receiver = spawn(program, [join(import.meta.dirname, '../examples', file)], {
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        BEGINI_API_KEY: nextPair.apiKey,
        BEGINI_PREVIOUS_API_KEY: simulatedCredentials.apiKey,
      },
    });
    for (const stream of [receiver.stdout, receiver.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
      });
    }
    await listening(port, receiver);
    simulator = await startBeginiSimulator({ webhook: { delayMs: 0, retryDelaysMs: [1] } });
    simulator.setDeployment({ webhookUrl: receiverUrl });
    simulator.changeCredentials(nextPair);
  });
  afterEach(async () => {
    await printed();
    await simulator.close();
    for (const secret of [uid, 'ROTCHK', simulatedCredentials.apiKey, nextPair.apiKey, 'Error']) {
      expect(output).not.toContain(secret);
    }
  });

  /** What the receiver has printed when it is ended. */
  async function printed(): Promise<string[]> {
    receiver.kill();
    if (receiver.stdout?.readable) await once(receiver, 'close');
    return output.split(/\s+/).filter((word) => word !== '');
  }

  /** Ends a session, and waits for the last try to deliver its events. */
  async function end(ending: string, tries: number, applicant = uid): Promise<Delivery['outcome'][]> {
    const token = makeAccessToken({ uid: applicant, integration_id: 'simulated-integration-1', exp });
    const before = simulator.deliveries.length;
    await fetch(`${simulator.origin}/${token}`, {
      method: 'POST',
      body: new URLSearchParams({ ending }),
    });
    while (simulator.deliveries.length < before + tries) await new Promise(setImmediate);
    return simulator.deliveries.slice(before).map(({ outcome }) => outcome);
  }

  describe(file, () => {
    test.each([
      ['finish', ['application.complete', 'psychometric_score.complete']],
      ['give-up', ['application.cancelled']],
      ['expire', ['application.incomplete', 'application.expired']],
    ])('accepts the events of %s, signed with the current key', async (ending, types) => {
      expect(await end(ending, types.length)).toEqual(types.map(() => 200));
      expect(await printed()).toEqual(types);
    });

    test('accepts the previous key, too', async () => {
      simulator.setWebhookMode('previous-key');
      expect(await end('give-up', 1)).toEqual([200]);
      expect(await printed()).toEqual(['application.cancelled']);
    });

    test('answers 200 to a duplicate, and drops it', async () => {
      simulator.setWebhookMode('twice');
      expect(await end('give-up', 2)).toEqual([200, 200]);
      expect(await printed()).toEqual(['application.cancelled']);
    });

    test.each(['wrong-key', 'altered-body'] as const)('refuses with 401: %s', async (mode) => {
      simulator.setWebhookMode(mode);
      expect(await end('give-up', 2)).toEqual([401, 401]);
      expect(await printed()).toEqual([]);
    });

    test('refuses what is not signed at all', async () => {
      const answer = await fetch(receiverUrl, { method: 'POST', body: JSON.stringify({ uid }) });
      expect(answer.status).toBe(401);
    });

    test.each([`ROTCHK${'0'.repeat(32)}`, `DOCTOR${'a'.repeat(20)}`])(
      'answers 200 to an event of our own test, and drops it: %s',
      async (applicant) => {
        expect(await end('expire', 2, applicant)).toEqual([200, 200]);
        expect(await printed()).toEqual([]);
      },
    );

    test('keeps an applicant whose uid only begins like one of our own tests', async () => {
      expect(await end('give-up', 1, 'DOCTOR-12345')).toEqual([200]);
      expect(await printed()).toEqual(['application.cancelled']);
    });
  });
}

async function freePort(): Promise<number> {
  const server = await startLoopbackServer({ listener: async () => undefined });
  await server.close();
  return Number(new URL(server.origin).port);
}

/** Resolves once something listens. @throws Error where the program ended before that. */
async function listening(port: number, program: ChildProcess): Promise<void> {
  for (;;) {
    if (program.exitCode !== null) throw new Error('The receiver has ended');
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      socket.destroy();
    }
  }
}
