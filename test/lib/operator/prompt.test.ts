import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { expect, test } from '@jest/globals';
import { ask } from '../../../lib/operator/prompt.ts';

/** A terminal that types `chunks`, and what it was shown. */
function terminal(...chunks: string[]) {
  const modes: boolean[] = [];
  let shown = '';
  const input = Object.assign(new PassThrough(), { setRawMode: (mode: boolean) => modes.push(mode) });
  for (const chunk of chunks) input.write(chunk);
  const answer = (echo: boolean) =>
    ask('Question: ', {
      echo,
      input: input as unknown as ReadStream,
      write: (text) => {
        shown += text;
      },
    });
  return { answer, modes, shown: () => shown, type: (chunk: string) => input.write(chunk) };
}

test('shows what is typed, and resolves to it without the line break', async () => {
  const { answer, shown } = terminal('4', '2', '\r');
  expect(await answer(true)).toBe('42');
  expect(shown()).toBe('Question: 42\n');
});

test('shows nothing of a key', async () => {
  const { answer, shown } = terminal('secret-key\r');
  expect(await answer(false)).toBe('secret-key');
  expect(shown()).toBe('Question: \n');
});

test('lets a mistake be deleted', async () => {
  const { answer, shown } = terminal('43', '\x7f', '2\n');
  expect(await answer(true)).toBe('42');
  expect(shown()).toBe('Question: 43\b \b2\n');
});

test('keeps a line break in the middle of what was pasted', async () => {
  expect(await terminal('secret\nkey\n').answer(false)).toBe('secret\nkey');
});

test('answers one question after the other', async () => {
  const { answer, type } = terminal('one\r');
  expect(await answer(false)).toBe('one');
  type('two\r');
  expect(await answer(true)).toBe('two');
});

test.each(['\x03', '\x04', 'half\x03'])(
  'is interrupted by Ctrl-C and Ctrl-D, and leaves the terminal as it was',
  async (key) => {
    const { answer, modes } = terminal(key);
    await expect(answer(false)).rejects.toMatchObject({ name: 'Interrupted' });
    expect(modes).toEqual([true, false]);
  },
);
