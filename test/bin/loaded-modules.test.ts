import { expect, test } from '@jest/globals';
import { startCommand } from '../support/start-command.ts';

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

/** The packages, and the project's own files, that a run of a command loads. */
async function loadedBy(file: string, args: string[]): Promise<string[]> {
  const { stderr } = await startCommand(file, args, {
    environment: {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(printer)}`,
      HOME: '/nonexistent', // No profile with a region: AWS is not called.
      PORT: '1', // Nothing listens there.
    },
  }).ended;
  const urls = [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url = '']) => url);
  return urls.map((url) => url.match(/node_modules\/((@[^/]+\/)?[^/]+)/)?.[1] ?? url.split('/').at(-1) ?? '');
}

const cdk = ['aws-cdk-lib', 'constructs'];
const cloudFormation = '@aws-sdk/client-cloudformation';
const rotate = 'rotate-credentials.ts';

test.each([
  ['the settings of a deployed stage', rotate, ['--stage', 'test'], ['stages.ts', cloudFormation], cdk],
  [
    'the local service',
    rotate,
    ['--stage', 'test', '--local'],
    ['local-stage.ts', '@aws-sdk/client-secrets-manager'],
    [...cdk, 'local-service.ts', 'stages.ts', cloudFormation],
  ],
  ['a deployed stage', 'doctor.ts', ['--stage', 'test'], ['alarm-checks.ts', 'check-answer.ts'], cdk],
])('for %s, %s %j loads what it needs and no more', async (_, file, args, needed, needless) => {
  const loaded = await loadedBy(file, args);
  expect(loaded).toEqual(expect.arrayContaining(needed));
  expect(needless.filter((name) => loaded.includes(name))).toEqual([]);
});

test('the usage text is shown without loading the AWS SDK', async () => {
  const loaded = await loadedBy(rotate, ['--local']);
  expect(loaded).toContain('arguments.ts');
  expect(loaded.filter((name) => name.startsWith('@aws-sdk/'))).toEqual([]);
});
