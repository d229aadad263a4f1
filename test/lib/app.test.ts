import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { programEnvironment } from '../support/test-run.ts';

const root = join(import.meta.dirname, '../..');

/**
 * Runs the app as the cdk command does, without an account, and returns the folder of its templates. CDK's own
 * validation of them takes twice as long as all the rest.
 */
async function synthesize(context: unknown, { validation }: { validation: boolean }): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'begini-session-app-'));
  await promisify(execFile)(process.execPath, ['bin/app.ts'], {
    cwd: root,
    env: {
      ...programEnvironment(),
      CDK_OUTDIR: outDir,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      CDK_VALIDATION: String(validation),
    },
  });
  return outDir;
}

test('the app makes one stack for each row of cdk.json, all from one bundle per function', async () => {
  const { context } = JSON.parse(await readFile(join(root, 'cdk.json'), 'utf8'));
  const outDir = await synthesize(context, { validation: true });
  const files = await readdir(outDir);
  expect(files.filter((name) => name.endsWith('.template.json'))).toEqual([
    'BeginiSession-Production.template.json',
    'BeginiSession-Test.template.json',
  ]);
  const bundles = files.filter((name) => name.startsWith('asset.'));
  expect(bundles).toHaveLength(5);
  for (const bundle of bundles) expect(await readdir(join(outDir, bundle))).toEqual(['index.mjs']);
});

describe('an app with several stages and the role of the account', () => {
  const row = (lenderName: string) => ({ environment: 'test', applicantPage: { lenderName } });
  const frankfurt = { account: '111122223333', region: 'eu-central-1' };
  const peru = { ...row('Crédito Ya'), ...frankfurt };
  const stages = { Kenya: row('Kazi Loans'), Peru: peru, Chile: peru };
  let outDir: string;
  beforeAll(async () => {
    outDir = await synthesize({ stages, apiGatewayAccountRole: 'create' }, { validation: false });
  });

  test('has the stack of each account and region, and deploys it before the stages', async () => {
    const { artifacts } = JSON.parse(await readFile(join(outDir, 'manifest.json'), 'utf8'));
    const dependencies = (Object.entries(artifacts) as [string, { type: string; dependencies?: string[] }][])
      .filter(([, { type }]) => type === 'aws:cloudformation:stack')
      .map(([name, { dependencies = [] }]) => [
        name,
        dependencies.filter((other) => !other.endsWith('.assets')),
      ]);
    const frankfurtAccount = 'BeginiSession-Account-111122223333-eu-central-1';
    expect(Object.fromEntries(dependencies)).toEqual({
      'BeginiSession-Account': [],
      'BeginiSession-Kenya': ['BeginiSession-Account'],
      [frankfurtAccount]: [],
      'BeginiSession-Peru': [frankfurtAccount],
      'BeginiSession-Chile': [frankfurtAccount],
    });
  });

  test('puts the pages of each stage into its own bundle, and into no other', async () => {
    const bundles = (await readdir(outDir)).filter((name) => name.startsWith('asset.'));
    expect(bundles).toHaveLength(6);
    const code = await Promise.all(bundles.map((name) => readFile(join(outDir, name, 'index.mjs'), 'utf8')));
    const named = code.map((text) => ['Kazi Loans', 'Crédito Ya'].filter((name) => text.includes(name)));
    expect(named.filter((names) => names.length > 0).sort()).toEqual([['Crédito Ya'], ['Kazi Loans']]);
  });
});

test.each([
  [
    'the table of stages',
    { stages: { Test: { environment: 'test', callerAuth: 'api_key' } } },
    'stages.Test.callerAuth: "api_key" is not allowed; use "iam" or "api-key"',
  ],
  [
    'the switch for the role of the account',
    { stages: { Test: { environment: 'test' } }, apiGatewayAccountRole: 'existing' },
    'apiGatewayAccountRole: "existing" is not allowed; use "create", or leave it out',
  ],
])(
  'the app ends with one clear message, and no stack trace, when %s is wrong',
  async (_what, context, text) => {
    await expect(synthesize(context, { validation: false })).rejects.toMatchObject({
      code: 1,
      stderr: `cdk.json, ${text}\n`,
    });
  },
);
