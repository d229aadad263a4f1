import type { EnvironmentContext, JestEnvironmentConfig } from '@jest/environment';
import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';
import type { Coverage } from './mutants.ts';

/** One run of one test file: what to run, and what came of it. */
export type FileRun = {
  /** The numbers of the tests to run; by default all. */
  chosen: number[] | undefined;
  /** Whether nothing more runs after the first failure. */
  untilFailure: boolean;
  tests: { number: number; name: string; ms: number; mutants: number[] }[];
  /** Mutants that were reached outside of a test: while the file was loaded, or in a hook of several tests. */
  mutantsOutside: number[];
  failure: string | undefined;
};

type Shared = typeof globalThis & { mutationRun: FileRun };

/** Jest's own environment that picks tests, notes what they reach and stops at the first failure. */
export default class MutationEnvironment extends TestEnvironment {
  readonly #run = (globalThis as Shared).mutationRun;
  readonly #coverage: Coverage;
  readonly #numbers = new Map<Circus.TestEntry, number>();

  constructor(config: JestEnvironmentConfig, context: EnvironmentContext) {
    super(config, context);
    this.#coverage = { mutantCoverage: { static: {}, perTest: {} } };
    Object.assign(this.global, { __stryker__: this.#coverage });
  }

  async handleTestEvent(event: Circus.Event, state: Circus.State): Promise<void> {
    const run = this.#run;
    if (event.name === 'run_start') {
      this.#number(state.rootDescribeBlock);
      for (const [test, number] of this.#numbers) {
        if (run.chosen && !run.chosen.includes(number)) test.mode = 'skip';
      }
    } else if (event.name === 'test_start') {
      if (run.untilFailure && run.failure !== undefined) event.test.mode = 'skip';
      this.#coverage.currentTestId = String(this.#numbers.get(event.test));
    } else if (event.name === 'test_done') {
      this.#coverage.currentTestId = undefined;
      const number = Number(this.#numbers.get(event.test));
      const { name, duration, errors } = event.test;
      run.tests.push({ number, name, ms: duration ?? 0, mutants: [] });
      if (errors.length > 0) run.failure ??= name;
    } else if (event.name === 'hook_failure' || event.name === 'error') {
      run.failure ??= event.name;
    } else if (event.name === 'run_finish') {
      const { static: outside = {}, perTest = {} } = this.#coverage.mutantCoverage ?? {};
      run.mutantsOutside = Object.keys(outside).map(Number);
      for (const test of run.tests) test.mutants = Object.keys(perTest[test.number] ?? {}).map(Number);
    }
  }

  #number(block: Circus.DescribeBlock): void {
    for (const child of block.children) {
      if (child.type === 'describeBlock') this.#number(child);
      else this.#numbers.set(child, this.#numbers.size);
    }
  }
}
