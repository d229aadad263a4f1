import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { type LoopbackServer, startLoopbackServer } from '../../bin/stand-ins/loopback.ts';

const apiKey = 'CANARY-API-KEY';
const described = {
  ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:local-aaaaaa',
  RotationEnabled: true,
};
const running: { end(): void }[] = [];
let secretsManager: LoopbackServer;
afterEach(async () => {
  for (const { end } of running.splice(0)) end();
  await secretsManager.close();
});

/**
 * Starts the command in a pseudo-terminal (`script`, util-linux), which shows typed input until the command turns that
 * off. Secrets Manager answers each call after `released` is settled.
 */
async function startAtTerminal({ released }: { released?: Promise<void> } = {}) {
  const called = Promise.withResolvers<void>();
  secretsManager = await startLoopbackServer({
    listener: async (_request, response) => {
      called.resolve();
      await released;
      response.end(JSON.stringify(described));
    },
  });
  const port = Number(new URL(secretsManager.origin).port) - 2;
  const command = `${process.execPath} bin/rotate-credentials.ts --stage test --local`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env.PATH, PORT: String(port), SHELL: '/bin/sh', TERM: 'xterm' },
  });
  await once(child, 'spawn');
  const exited = once(child, 'close').then(([code]) => code as number);
  running.push({ end: () => child.kill() });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    screen += chunk;
  });
  return {
    called: called.promise,
    exited,
    type: (text: string) => child.stdin.write(text),
    screen: () => screen,
    async shows(text: string) {
      while (!screen.includes(text)) {
        const ended = await Promise.race([exited, once(child.stdout, 'data').then(() => undefined)]);
        if (ended !== undefined && !screen.includes(text)) throw new Error(`ended without "${text}"`);
      }
    },
  };
}

test('never shows a key that is pasted at the moment of the question, in 20 runs', async () => {
  for (let run = 0; run < 20; run += 1) {
    const terminal = await startAtTerminal();
    await terminal.shows('API key (not shown): ');
    terminal.type(`${apiKey}\r`);
    await terminal.shows('Integration id: ');
    terminal.type('\x03');
    expect(await terminal.exited).toBe(130);
    expect(terminal.screen()).not.toContain(apiKey);
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
  expect(await terminal.exited).toBe(130);
  for (const key of [apiKey, 'another-key']) expect(terminal.screen()).not.toContain(key);
});
