import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../support/project-copy.ts';
import { share } from '../support/share.ts';
import { listMutants, type Mutant } from './mutants.ts';
import { type Outcome, report } from './report.ts';
import { TestCopy } from './test-copy.ts';
import type { RunAnswer, RunRequest } from './test-process.ts';
import { bundledRuns, listTestFiles, type ObservedFile, runsReaching } from './test-suite.ts';

const usage = `Usage: npm run mutate -- [--file <path>] [--fresh]

Changes functions/ in one place at a time, by each of Stryker's default operators, and runs the tests in test/functions/
that reach this place until one fails, twice in a row. Ctrl+C stops it; the next call goes on. Outcomes are kept in
.mutation/ for as long as the code and the tests they depend on stay the same. --file takes only files whose path starts
so; --fresh forgets the kept outcomes.`;

const kept = join(root, '.mutation');

const hasFailed = (answer: RunAnswer | undefined) => !answer || answer.failure !== undefined;

/** Runs once more what failed: a test that fails now and then says nothing. */
async function runSurely(
  copy: TestCopy,
  request: RunRequest,
  limitMs: number,
): Promise<RunAnswer | undefined> {
  const answer = await copy.run(request, limitMs);
  return hasFailed(answer) ? await copy.run(request, limitMs) : answer;
}

/** How long a run may take: as Stryker has it, 5 s and one and a half times what it took without a change. */
const limitOf = (ms: number) => 5_000 + 1.5 * ms;

async function mutate({ file, fresh }: { file: string; fresh: boolean }): Promise<void> {
  if (fresh) rmSync(kept, { recursive: true, force: true });
  mkdirSync(kept, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'begini-session-mutants-'));
  // Most of the time of the tests is waits.
  const copies = Array.from(
    { length: 2 * availableParallelism() },
    (_, index) => new TestCopy(join(folder, String(index))),
  );
  process.on('exit', () => {
    for (const copy of copies) copy.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  await Promise.all(copies.map((copy) => copy.create()));

  const { mutants, instrumented } = await listMutants(root);
  const suite = await observe(copies, instrumented);
  const keys = new Set(suite.map(({ key }) => key));
  const outcomes = new Map<string, Outcome>();
  for (const { id, ...outcome } of readKept<Outcome & { id: string }>('outcomes.jsonl')) {
    outcomes.set(id, outcome);
  }
  const isFound = ({ id }: Mutant) => {
    const outcome = outcomes.get(id);
    return outcome?.testFile !== undefined && outcome.testKeys.every((key) => keys.has(key));
  };

  const asked = mutants.filter((mutant) => mutant.file.startsWith(file));
  const open = asked.filter((mutant) => !isFound(mutant));
  console.log(`${asked.length} mutants, ${open.length} to judge by ${suite.length} test files.`);
  const judge = createJudge(suite);
  let judged = 0;
  await share(open, copies, async (mutant, copy) => {
    const passed = new Set(outcomes.get(mutant.id)?.testKeys);
    const outcome = await judge(mutant, mutants.indexOf(mutant), passed, copy);
    outcomes.set(mutant.id, outcome);
    keep('outcomes.jsonl', { id: mutant.id, ...outcome });
    judged += 1;
    if (judged % 100 === 0) console.log(`${judged} of ${open.length}`);
  });
  const text = report(asked, outcomes);
  writeFileSync(join(kept, 'report.md'), text);
  console.log(text);
}

/**
 * Runs every test without a change: instrumented code notes which mutants each test reaches.
 * @throws Error if a test fails twice
 */
async function observe(
  copies: TestCopy[],
  instrumented: readonly { name: string; content: string }[],
): Promise<ObservedFile[]> {
  const files = listTestFiles(root);
  const known = new Map(readKept<ObservedFile>('tests.jsonl').map((file) => [file.key, file]));
  const unknown = files.filter(({ key }) => !known.has(key));
  const run = (isBundled: boolean) =>
    share(
      unknown.filter((file) => file.isBundled === isBundled),
      copies,
      async (file, copy) => {
        const request = { testFile: file.name, chosen: undefined, untilFailure: false };
        const answer = await runSurely(copy, request, 300_000);
        if (hasFailed(answer)) {
          throw new Error(`${file.name} fails without a change: ${answer?.failure ?? 'it does not end'}`);
        }
        const observed = { ...file, ...(answer as RunAnswer) };
        known.set(file.key, observed);
        keep('tests.jsonl', observed);
      },
    );
  await run(true);
  const inEachCopy = (change: (copy: TestCopy, name: string, content: string) => Promise<void>) =>
    Promise.all(
      copies.flatMap((copy) => instrumented.map(({ name, content }) => change(copy, name, content))),
    );
  await inEachCopy((copy, name, content) => copy.write(name, content));
  await run(false);
  await inEachCopy((copy, name) => copy.restore(name));
  return files.map(({ key }) => known.get(key) as ObservedFile);
}

/**
 * Judges a mutant by the tests that reach it; by those of the bundles if no other reaches it. Without the files that it
 * `passed` before.
 */
function createJudge(suite: ObservedFile[]) {
  /** How often the tests of one file found a mutant of another: the oftener, the earlier they run. */
  const luck = new Map<string, { tried: number; found: number }>();

  return async (
    mutant: Mutant,
    number: number,
    passed: ReadonlySet<string>,
    copy: TestCopy,
  ): Promise<Outcome> => {
    const reaching = runsReaching(number, suite);
    const isReached = reaching.length > 0;
    const all = isReached ? reaching : bundledRuns(suite);
    const runs = all
      .filter(({ file }) => !passed.has(file.key))
      .map((run) => {
        const pair = `${mutant.file} ${run.file.name}`;
        const of = luck.get(pair) ?? { tried: 0, found: 0 };
        luck.set(pair, of);
        return { ...run, luck: of, cost: (run.ms * (of.tried + 2)) / (of.found + 1) };
      });
    await copy.write(mutant.file, mutant.source);
    try {
      for (const { file, chosen, ms, luck } of runs.sort((one, other) => one.cost - other.cost)) {
        luck.tried += 1;
        const request = { testFile: file.name, chosen, untilFailure: true };
        const answer = await runSurely(copy, request, limitOf(ms));
        if (!hasFailed(answer)) continue;
        luck.found += 1;
        const status = answer ? 'killed' : 'timed out';
        return { status, testKeys: [file.key], testFile: file.name, test: answer?.failure };
      }
      return { status: isReached ? 'survived' : 'unreached', testKeys: all.map(({ file }) => file.key) };
    } finally {
      await copy.restore(mutant.file);
    }
  };
}

/** Lines of JSON that this call or an earlier one kept. */
function readKept<Line>(name: string): Line[] {
  const file = join(kept, name);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Line);
}

function keep(name: string, line: object): void {
  appendFileSync(join(kept, name), `${JSON.stringify(line)}\n`);
}

const { values } = parseArgs({
  options: {
    file: { type: 'string', default: 'functions/' },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(usage);
else await mutate(values);
process.exit();
