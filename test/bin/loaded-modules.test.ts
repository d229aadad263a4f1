import { expect, test } from '@jest/globals';
import { runRotateCommand } from '../support/rotate-command.ts';

/** Run by Node.js before the command: writes the URL of each module that the command loads to standard error. */
const printer = `
import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
registerHooks({
  load(url, context, next) {
    writeSync(2, 'loaded ' + url + '\\n');
    return next(url, context);
  },
});`;

/** The packages, and the project's own files, that a run of the command loads. */
async function loadedBy(args: string[]): Promise<Set<string>> {
  const { stderr } = await runRotateCommand(args, {
    environment: {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(printer)}`,
      HOME: '/nonexistent', // No profile with a region: AWS is not called.
      PORT: '1', // Nothing listens there.
    },
  });
  const urls = [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url = '']) => url);
  return new Set(
    urls.map((url) => url.match(/node_modules\/((@[^/]+\/)?[^/]+)/)?.[1] ?? url.split('/').at(-1) ?? ''),
  );
}

const cdk = ['aws-cdk-lib', 'constructs'];

test('rotating on a deployed stage reads the settings without the CDK', async () => {
  const loaded = await loadedBy(['--stage', 'test']);
  expect([...loaded]).toEqual(expect.arrayContaining(['stages.ts', '@aws-sdk/client-cloudformation']));
  expect(cdk.filter((name) => loaded.has(name))).toEqual([]);
});

test('rotating on the local service loads neither the CDK nor that service', async () => {
  const loaded = await loadedBy(['--stage', 'test', '--local']);
  expect([...loaded]).toEqual(expect.arrayContaining(['local-stage.ts', '@aws-sdk/client-secrets-manager']));
  const needless = [...cdk, 'local-service.ts', 'stages.ts', '@aws-sdk/client-cloudformation'];
  expect(needless.filter((name) => loaded.has(name))).toEqual([]);
});

test('the usage text is shown without loading the AWS SDK', async () => {
  const loaded = await loadedBy(['--local']);
  expect(loaded).toContain('arguments.ts');
  expect([...loaded].filter((name) => name.startsWith('@aws-sdk/'))).toEqual([]);
});
