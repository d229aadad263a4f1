import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadStream } from 'node:tty';

/** The terminal to work on, and what happens there. */
export type TerminalOptions = {
  input: ReadStream;
  write: (text: string) => void;
  /** Called on Ctrl-C at any moment, and on Ctrl-D at a question, which then gets no answer. */
  interrupt: () => void;
};

type Question = { answer: string; echo: boolean; resolve: (answer: string) => void };

const ctrlC = '\x03';
const ctrlD = '\x04';
const backspaces = ['\x7f', '\b'];

/**
 * The operator's terminal in raw mode, from now until it is closed: the terminal shows no typed character itself, and
 * input without a question is discarded.
 */
export class Terminal {
  readonly #options: TerminalOptions;
  readonly #receiver = (chunk: string) => this.#receive(chunk);
  #question: Question | undefined;

  constructor(options: TerminalOptions) {
    this.#options = options;
    options.input.setRawMode(true);
    options.input.setEncoding('utf8').on('data', this.#receiver);
  }

  /**
   * Asks a question, and resolves to the answer as typed, without the final line break. Without `echo` the answer is
   * not shown. A line break in the middle of what was pasted is part of the answer.
   */
  async ask(question: string, { echo }: { echo: boolean }): Promise<string> {
    // Between two turns of the event loop, all waiting input is read: so earlier input is discarded.
    await nextTurn();
    await nextTurn();
    this.#options.write(question);
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#question = { answer: '', echo, resolve };
    const answer = await promise;
    this.#options.write('\n');
    return answer;
  }

  /** Leaves the terminal as it was. */
  close(): void {
    const { input } = this.#options;
    input.off('data', this.#receiver);
    input.setRawMode(false);
    input.pause();
  }

  #receive(chunk: string): void {
    const question = this.#question;
    if (chunk.includes(ctrlC) || (question && chunk.includes(ctrlD))) {
      this.#options.interrupt();
      return;
    }
    if (!question) return;
    for (const character of chunk.replace(/[\r\n]+$/, '')) this.#type(character, question);
    if (!/[\r\n]$/.test(chunk)) return;
    this.#question = undefined;
    question.resolve(question.answer);
  }

  #type(character: string, question: Question): void {
    const show = (text: string) => question.echo && this.#options.write(text);
    if (!backspaces.includes(character)) {
      question.answer += character;
      show(character);
    } else if (question.answer !== '') {
      question.answer = question.answer.slice(0, -1);
      show('\b \b');
    }
  }
}
