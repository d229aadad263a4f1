import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { refuseOptionsOfNpm } from '../../bin/deployed/npm-options.ts';
import { programEnvironment } from '../support/test-run.ts';

const root = join(import.meta.dirname, '../..');
const readJson = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const scripts: Record<string, string> = readJson('package.json').scripts;

/** Runs Node.js on the project with these parameters. */
const run = (args: string[], environment: Record<string, string> = {}) =>
  spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...programEnvironment(), ...environment },
    encoding: 'utf8',
  });

test.each(Object.entries({ ...scripts, 'cdk synth': readJson('cdk.json').app as string }))(
  '%s checks Node.js before it loads anything',
  (_, command) => {
    const nodes = command.match(/\bnode .*/g) ?? [];
    for (const one of nodes) expect(one).toMatch(/^node -r \.\/bin\/check-node\.cjs /);
  },
);

test('a Node.js that does not run TypeScript gets one sentence, without a stack trace', () => {
  const { status, stdout, stderr } = run([
    '--no-strip-types',
    ...['-r', './bin/check-node.cjs'],
    ...['bin/rotate-credentials.ts', '--stage', 'test'],
  ]);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(
    /^This needs Node\.js 24 or later .*npm ci without --ignore-scripts.*pnpm approve-builds.*\n$/,
  );
});

test.each([
  ['bin/local.ts', 'auth', []],
  ['bin/local.ts', 'stage', []],
  ['bin/doctor.ts', 'hand-off', ['--stage', 'test']],
  ['bin/rotate-credentials.ts', 'status', ['--stage', 'test']],
  ['bin/pages.ts', 'pictures', []],
  ['bin/bench.ts', 'rounds', []],
  ['test/simulation/simulate.ts', 'seed', []],
])('%s does nothing if npm has used --%s itself', (file, option, args) => {
  const { status, stdout, stderr } = run([file, ...args], {
    [`npm_config_${option.replace('-', '_')}`]: 'true',
    PORT: '1',
  });
  expect(status).toBeGreaterThan(0);
  expect([stdout, stderr]).toEqual([
    '',
    expect.stringContaining(`npm has used --${option} itself: write -- before`),
  ]);
});

test('an option that the command has got is no matter of npm', () => {
  const environment = { npm_config_json: 'true' };
  expect(() => refuseOptionsOfNpm(['json'], ['--json'], environment)).not.toThrow();
});

test('no script names a package by its path, which is elsewhere in an npm workspace', () => {
  expect(Object.values(scripts).filter((script) => /[ ./]node_modules\/\w/.test(script))).toEqual([]);
});

test('a clone has the same bytes everywhere, also with core.autocrlf', () => {
  expect(readFileSync(join(root, '.gitattributes'), 'utf8')).toMatch(/^\* text=auto eol=lf$/m);
});

test('what matters can be started without options', () => {
  expect(scripts['start:iam']).toBe(`${scripts.start} --auth iam`);
  expect(scripts['start:log']).toBe(`${scripts.start} --log`);
});
