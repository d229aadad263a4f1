import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInstrumenter } from '@stryker-mutator/instrumenter';
import { createInjector } from 'typed-inject';

/** A change of one expression, block or literal of one file. */
export type Mutant = {
  /** The same for the same change of the same source. */
  id: string;
  /** Relative to the project. */
  file: string;
  /** Stryker's name of the operator. */
  operator: string;
  line: number;
  original: string;
  replacement: string;
  /** The whole file with the change. */
  source: string;
};

/** What counts which mutants a test reaches: a global variable of the tests' realm that instrumented code writes to. */
export type Coverage = {
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
  currentTestId?: string | undefined;
};

/**
 * Applies all of Stryker's default operators to every file of `functions/`. Nothing is excluded.
 * @returns the mutants, and each file's code that counts the mutants it reaches, by their place in the list
 */
export async function listMutants(
  root: string,
): Promise<{ mutants: Mutant[]; instrumented: readonly { name: string; content: string }[] }> {
  const names = globSync('functions/**/*.ts', { cwd: root }).sort();
  const files = await Promise.all(
    names.map(async (name) => ({ name, mutate: true, content: await readFile(join(root, name), 'utf8') })),
  );
  const ignore = () => undefined;
  const logger = {
    ...{ isTraceEnabled: () => false, isDebugEnabled: () => false, isInfoEnabled: () => false },
    ...{ isWarnEnabled: () => true, isErrorEnabled: () => true, isFatalEnabled: () => true },
    ...{ trace: ignore, debug: ignore, info: ignore, warn: console.warn, error: console.error },
    fatal: console.error,
  };
  const instrumenter = createInjector().provideValue('logger', logger).injectFunction(createInstrumenter);
  const result = await instrumenter.instrument(files, {
    plugins: null,
    excludedMutations: [],
    ignorers: [],
  });
  const sources = new Map(files.map(({ name, content }) => [name, content]));
  const inOrder = result.mutants.toSorted((one, other) => Number(one.id) - Number(other.id));
  const mutants = inOrder.map(({ fileName: file, location, mutatorName, replacement }) => {
    const source = String(sources.get(file));
    const start = offsetOf(source, location.start);
    const end = offsetOf(source, location.end);
    // Between `&&` and `??`, another operator would bind otherwise.
    const change = mutatorName === 'LogicalOperator' ? `(${replacement})` : String(replacement);
    const mutated = source.slice(0, start) + change + source.slice(end);
    return {
      id: createHash('sha256').update(`${file}\n${mutated}`).digest('hex').slice(0, 16),
      file,
      operator: mutatorName,
      line: location.start.line + 1,
      original: source.slice(start, end),
      replacement: change,
      source: mutated,
    };
  });
  return { mutants, instrumented: result.files };
}

function offsetOf(source: string, { line, column }: { line: number; column: number }): number {
  const before = source.split('\n').slice(0, line);
  return before.reduce((sum, text) => sum + text.length + 1, column);
}
