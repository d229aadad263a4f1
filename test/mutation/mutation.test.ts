import { globSync, mkdtempSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { root } from '../support/project-copy.ts';
import { listMutants } from './mutants.ts';
import { report } from './report.ts';
import { TestCopy } from './test-copy.ts';

const { mutants } = await listMutants(root);

test('every file with code has mutants; each is another valid source', () => {
  const files = globSync('functions/**/*.ts', { cwd: root });
  const mutated = new Set(mutants.map(({ file }) => file));
  for (const file of files.filter((file) => !mutated.has(file))) {
    const code = stripTypeScriptTypes(readFileSync(join(root, file), 'utf8'));
    const comments = /\/\*.*?\*\/|\/\/[^\n]*/gs;
    expect({ file, code: code.replaceAll(comments, '') }).toEqual({
      file,
      code: expect.not.stringMatching(/=>|function /),
    });
  }
  expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
  for (const { file, source } of mutants) {
    expect(source).not.toBe(readFileSync(join(root, file), 'utf8'));
    expect(() => stripTypeScriptTypes(source)).not.toThrow();
  }
});

const copy = new TestCopy(join(mkdtempSync(join(tmpdir(), 'mutation-')), 'copy'));
afterAll(() => copy.remove());

test('a process of tests says which test fails, and stops a test that does not end', async () => {
  await copy.create();
  const file = 'functions/http/accept.ts';
  const request = { testFile: 'test/functions/http/accept.test.ts', chosen: undefined, untilFailure: true };
  const original = readFileSync(join(root, file), 'utf8');

  const passed = await copy.run(request, 30_000);
  expect(passed).not.toHaveProperty('failure');
  const names = passed?.tests.map(({ name }) => name);

  await copy.write(file, original.replaceAll('===', '!=='));
  const failed = await copy.run(request, 30_000);
  expect(names).toContain(failed?.failure);
  expect(failed?.tests.length).toBeGreaterThan(0);

  const [only] = passed?.tests.map(({ number }) => number) ?? [];
  await copy.restore(file);
  const chosen = await copy.run({ ...request, chosen: [only as number] }, 30_000);
  expect(chosen).not.toHaveProperty('failure');
  expect(chosen?.tests).toHaveLength(1);

  await copy.write(file, `${original}\nfor (;;) {}\n`);
  expect(await copy.run(request, 1_000)).toBeUndefined();
  await copy.restore(file);
  expect(await copy.run(request, 30_000)).not.toHaveProperty('failure');
}, 60_000);

test('the report counts each outcome apart, and names what no test found', () => {
  const [first, second, third, fourth] = mutants.filter(({ file }) => file === 'functions/uid.ts');
  const some = [first, second, third, fourth].filter((mutant) => mutant !== undefined);
  const statuses = ['killed', 'timed out', 'survived', 'unreached'] as const;
  const outcomes = some.map(
    ({ id }, index) => [id, { status: statuses[index] ?? 'killed', testKeys: [] as string[] }] as const,
  );
  const text = report(some, new Map(outcomes));
  expect(text).toContain('| all | 4 | 1 | 1 | 1 | 1 | 25.0 % |');
  for (const mutant of [third, fourth]) expect(text).toContain(`functions/uid.ts:${mutant?.line}`);
});
