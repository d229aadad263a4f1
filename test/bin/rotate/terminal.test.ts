import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { expect, test } from '@jest/globals';
import { Terminal } from '../../../bin/rotate/terminal.ts';

/** A terminal with a readable screen and typed input. */
function openTerminal() {
  const modes: boolean[] = [];
  let screen = '';
  let interruptions = 0;
  const input = Object.assign(new PassThrough(), { setRawMode: (mode: boolean) => modes.push(mode) });
  const terminal = new Terminal({
    input: input as unknown as ReadStream,
    write: (text) => {
      screen += text;
    },
    interrupt: () => {
      interruptions += 1;
    },
  });
  const type = (...chunks: string[]) => {
    for (const chunk of chunks) input.write(chunk);
  };
  /** Asks, and types the answer as soon as the question appears. */
  const ask = async (echo: boolean, ...chunks: string[]) => {
    const shown = screen.length;
    const answer = terminal.ask('Question: ', { echo });
    while (screen.length === shown) await new Promise(setImmediate);
    type(...chunks);
    return await answer;
  };
  return { terminal, modes, type, ask, screen: () => screen, interruptions: () => interruptions };
}

test('shows typed input, and resolves to it without the line break', async () => {
  const { ask, screen } = openTerminal();
  expect(await ask(true, '4', '2', '\r')).toBe('42');
  expect(screen()).toBe('Question: 42\n');
});

test('shows nothing of a key', async () => {
  const { ask, screen } = openTerminal();
  expect(await ask(false, 'secret-key\r')).toBe('secret-key');
  expect(screen()).toBe('Question: \n');
});

test('allows a mistake to be deleted', async () => {
  const { ask, screen } = openTerminal();
  expect(await ask(true, '43', '\x7f', '2\n')).toBe('42');
  expect(screen()).toBe('Question: 43\b \b2\n');
});

test('keeps a line break in the middle of pasted text', async () => {
  expect(await openTerminal().ask(false, 'secret\nkey\n')).toBe('secret\nkey');
});

test('answers one question after the other', async () => {
  const { ask } = openTerminal();
  expect(await ask(false, 'one\r')).toBe('one');
  expect(await ask(true, 'two\r')).toBe('two');
});

test('discards input without a question, and never shows it', async () => {
  const { ask, type, screen } = openTerminal();
  type('typed ahead\r');
  expect(await ask(true, 'one\r')).toBe('one');
  type('between\r');
  expect(await ask(true, 'two\r')).toBe('two');
  expect(screen()).toBe('Question: one\nQuestion: two\n');
});

test.each(['\x03', '\x04', 'half\x03'])('is interrupted at a question by Ctrl-C and Ctrl-D', async (keys) => {
  const { ask, interruptions } = openTerminal();
  void ask(false, keys);
  while (interruptions() === 0) await new Promise(setImmediate);
  expect(interruptions()).toBe(1);
});

test('is interrupted by Ctrl-C without a question', async () => {
  const { type, interruptions } = openTerminal();
  type('\x04', '\x03');
  while (interruptions() === 0) await new Promise(setImmediate);
  expect(interruptions()).toBe(1);
});

test('is in raw mode from the start, and leaves the terminal as it was', async () => {
  const { terminal, modes } = openTerminal();
  expect(modes).toEqual([true]);
  terminal.close();
  expect(modes).toEqual([true, false]);
});
