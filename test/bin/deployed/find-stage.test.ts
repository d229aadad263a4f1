import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findStage } from '../../../bin/deployed/find-stage.ts';

async function cdkJsonWith(stages: unknown): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'begini-session-cdk-')), 'cdk.json');
  await writeFile(file, JSON.stringify({ context: { stages } }));
  return file;
}

test('finds a stage of the project in upper or lower case', async () => {
  expect(await findStage('PRODUCTION')).toMatchObject({ name: 'Production', environment: 'production' });
});

test('names the existing stages', async () => {
  const file = await cdkJsonWith({
    Kenya: { environment: 'test' },
    Ghana: { environment: 'production' },
  });
  await expect(findStage('test', file)).rejects.toMatchObject({
    name: 'UsageError',
    message: 'There is no such stage in cdk.json; use Kenya, Ghana.',
  });
});

test('refuses a table with a mistake as a usage error, and names the mistake', async () => {
  const file = await cdkJsonWith({ Test: { environment: 'test', hmac: 'no' } });
  await expect(findStage('test', file)).rejects.toMatchObject({
    name: 'UsageError',
    message: 'cdk.json, stages.Test.hmac: "no" is not allowed; use true or false',
  });
});
