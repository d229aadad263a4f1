import { afterEach, expect, test } from '@jest/globals';
import { type LoopbackServer, startLoopbackServer } from '../../bin/stand-ins/loopback.ts';
import { type RunningCommand, startRotateCommand } from '../support/start-command.ts';

const apiKey = 'CANARY-API-KEY';
const described = {
  ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:local-aaaaaa',
  RotationEnabled: true,
};
const running: RunningCommand[] = [];
let secretsManager: LoopbackServer;
afterEach(async () => {
  for (const { interrupt } of running.splice(0)) interrupt('SIGTERM');
  await secretsManager.close();
});

/** Starts the command at a terminal. Secrets Manager answers each call after `released` is settled. */
async function startAtTerminal({ released }: { released?: Promise<void> } = {}) {
  const called = Promise.withResolvers<void>();
  secretsManager = await startLoopbackServer({
    listener: async (_request, response) => {
      called.resolve();
      await released;
      response.end(JSON.stringify(described));
    },
  });
  const PORT = String(Number(new URL(secretsManager.origin).port) - 2);
  const command = startRotateCommand(['--stage', 'test', '--local'], {
    atTerminal: true,
    environment: { PORT, SHELL: '/bin/sh', TERM: 'xterm' },
  });
  running.push(command);
  return { ...command, called: called.promise };
}

test('never shows a key that is pasted at the moment of the question, in 20 runs', async () => {
  for (let run = 0; run < 20; run += 1) {
    const terminal = await startAtTerminal();
    await terminal.shows('API key (not shown): ');
    terminal.type(`${apiKey}\r`);
    await terminal.shows('Integration id: ');
    terminal.type('\x03');
    const { exitCode, stdout } = await terminal.ended;
    expect(exitCode).toBe(130);
    expect(stdout).not.toContain(apiKey);
    await secretsManager.close();
  }
});

test('discards input before the question, and never shows it', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const terminal = await startAtTerminal({ released });
  await terminal.called;
  terminal.type(`${apiKey}\r`);
  release();
  await terminal.shows('API key (not shown): ');
  terminal.type('another-key\r');
  await terminal.shows('Integration id: ');
  terminal.type('42');
  await terminal.shows('Integration id: 42');
  terminal.type('\x03');
  const { exitCode, stdout } = await terminal.ended;
  expect(exitCode).toBe(130);
  for (const key of [apiKey, 'another-key']) expect(stdout).not.toContain(key);
});
