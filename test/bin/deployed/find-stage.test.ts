import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findStage } from '../../../bin/deployed/find-stage.ts';

/** A folder with these files: its cdk.json, and the folder as the user's home. */
async function folderWith(files: Record<string, string>): Promise<[string, string]> {
  const folder = await mkdtemp(join(tmpdir(), 'begini-session-cdk-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return [join(folder, 'cdk.json'), folder];
}

const cdkJsonWith = (stages: unknown) => folderWith({ 'cdk.json': JSON.stringify({ context: { stages } }) });

test('finds a stage of the project in upper or lower case', async () => {
  expect(await findStage('PRODUCTION')).toMatchObject({ name: 'Production', environment: 'production' });
});

test('names the existing stages', async () => {
  const files = await cdkJsonWith({
    Kenya: { environment: 'test' },
    Ghana: { environment: 'production' },
  });
  await expect(findStage('test', ...files)).rejects.toMatchObject({
    name: 'UsageError',
    message: 'There is no such stage in cdk.json; use Kenya, Ghana.',
  });
});

test('refuses a table with a mistake as a usage error, and names the mistake', async () => {
  const files = await cdkJsonWith({ Test: { environment: 'test', hmac: 'no' } });
  await expect(findStage('test', ...files)).rejects.toMatchObject({
    name: 'UsageError',
    message: 'cdk.json, stages.Test.hmac: "no" is not allowed; use true or false',
  });
});

test('finds stages where cdk finds them, the most special file first', async () => {
  const files = await folderWith({
    'cdk.json': '{"context": {"stages": {"Test": {"environment": "test", "region": "eu-west-1"}}}}',
    'cdk.context.json':
      '{"stages": {"Test": {"region": "eu-west-2", "firewall": true}, "Kenya": {"environment": "test"}}}',
    '.cdk.json': '{"context": {"stages": {"Test": {"firewall": false}, "Ghana": {"environment": "test"}}}}',
  });
  expect(await findStage('test', ...files)).toMatchObject({ region: 'eu-west-1', firewall: true });
  expect(await findStage('kenya', ...files)).toMatchObject({ name: 'Kenya' });
  expect(await findStage('ghana', ...files)).toMatchObject({ name: 'Ghana' });
});

const table = '{"context": {"stages": {"Test": {"environment": "test"}}}}';

test('skips a byte order mark', async () => {
  const files = await folderWith({ 'cdk.json': `\ufeff${table}` });
  expect(await findStage('test', ...files)).toMatchObject({ name: 'Test' });
});

test.each([
  ['a comma too many in a list', '{"context":\n  {"stages": [1,]}}', 'line 2, column 17'],
  ['a comma too many in an object', '{"context": {\n  "stages": {},\n}}', 'line 3, column 1'],
  ['a comma that is missing', '{"a": "x\\n\\u00e9"\n"b": -1.5e3}', 'line 2, column 1'],
  ['a comment', '{\n  // the stages\n  "context": {}}', 'line 2, column 3'],
  ['single quotes', "{'context': {}}", 'line 1, column 2'],
  ['an end that is missing', '{"context": {', 'line 1, column 14'],
  ['something after the end', '{"context": {}} }', 'line 1, column 17'],
  ['an empty file', '', 'line 1, column 1'],
])('names file, line and column of %s', async (_, json, place) => {
  for (const name of ['cdk.json', 'cdk.context.json', '.cdk.json']) {
    const files = await folderWith({ 'cdk.json': table, [name]: json });
    await expect(findStage('test', ...files)).rejects.toMatchObject({
      name: 'UsageError',
      message: `${name} is not JSON: look at ${place}.`,
    });
  }
});

test('names a file that cannot be read', async () => {
  const [file, home] = await folderWith({ 'cdk.json': table });
  await mkdir(join(home, 'cdk.context.json'));
  await expect(findStage('test', file, home)).rejects.toMatchObject({
    name: 'UsageError',
    message: 'cdk.context.json cannot be read: EISDIR.',
  });
});
