import type { ReadStream } from 'node:tty';

/** The operator pressed Ctrl-C or Ctrl-D at a question. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

const ctrlC = '\x03';
const ctrlD = '\x04';
const backspaces = ['\x7f', '\b'];

/**
 * Asks a question at the terminal, and resolves to the answer as typed, without the final line break. Without `echo`
 * nothing of it is shown. A line break in the middle of what was pasted is part of the answer.
 *
 * @throws Interrupted
 */
export async function ask(
  question: string,
  { echo, input, write }: { echo: boolean; input: ReadStream; write: (text: string) => void },
): Promise<string> {
  write(question);
  input.setRawMode(true);
  input.setEncoding('utf8');
  try {
    return await readAnswer(input, (text) => echo && write(text));
  } finally {
    input.setRawMode(false);
    input.pause();
    write('\n');
  }
}

async function readAnswer(input: ReadStream, show: (text: string) => void): Promise<string> {
  let answer = '';
  for await (const chunk of input.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    if (chunk.includes(ctrlC) || chunk.includes(ctrlD)) throw new Interrupted();
    for (const character of chunk.replace(/[\r\n]+$/, '')) {
      if (!backspaces.includes(character)) {
        answer += character;
        show(character);
      } else if (answer !== '') {
        answer = answer.slice(0, -1);
        show('\b \b');
      }
    }
    if (/[\r\n]$/.test(chunk)) break;
  }
  return answer;
}
