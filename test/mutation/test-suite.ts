import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunAnswer } from './test-process.ts';

/** A test file of `functions/`. */
export type TestFile = {
  name: string;
  /** Changes with the file, and with everything but the other test files. */
  key: string;
  /** Whether it tests bundles, in processes of their own: what it reaches of the code cannot be seen. */
  isBundled: boolean;
};

/** A test file, and what it did without a change of the code: how long each test took and what it reached. */
export type ObservedFile = TestFile & RunAnswer;

/** Some tests of one file, and how long they took without a change, in ms. Without `chosen`, all of them. */
export type Run = { file: ObservedFile; chosen: number[] | undefined; ms: number };

export function listTestFiles(root: string): TestFile[] {
  const read = (name: string) => readFileSync(join(root, name), 'utf8');
  const names = globSync('test/functions/**/*.test.ts', { cwd: root }).sort();
  const others = globSync('{functions,lib,test/functions,test/support}/**/*.ts', { cwd: root }).filter(
    (name) => !name.endsWith('.test.ts'),
  );
  const common = hashOf(['package-lock.json', ...others.sort()].flatMap((name) => [name, read(name)]));
  return names.map((name) => {
    const content = read(name);
    return {
      name,
      key: hashOf([common, name, content]),
      isBundled: content.includes('support/lambda.ts'),
    };
  });
}

/** The tests that reach a mutant, by its place in the list. */
export function runsReaching(mutant: number, suite: ObservedFile[]): Run[] {
  return suite.flatMap((file) => {
    const chosen = file.mutantsOutside.includes(mutant)
      ? file.tests
      : file.tests.filter(({ mutants }) => mutants.includes(mutant));
    if (chosen.length === 0) return [];
    const aroundTests = file.ms - sumOf(file.tests);
    return [{ file, chosen: chosen.map(({ number }) => number), ms: aroundTests + sumOf(chosen) }];
  });
}

/** All tests of bundles. */
export function bundledRuns(suite: ObservedFile[]): Run[] {
  return suite.filter(({ isBundled }) => isBundled).map((file) => ({ file, chosen: undefined, ms: file.ms }));
}

function hashOf(texts: string[]): string {
  return createHash('sha256').update(texts.join('\0')).digest('hex').slice(0, 16);
}

const sumOf = (tests: { ms: number }[]) => tests.reduce((sum, { ms }) => sum + ms, 0);
