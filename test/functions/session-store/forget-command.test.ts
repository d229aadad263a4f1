import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { sessionKey } from '../../../functions/session-store/sealed-session.ts';

const runbook = readFileSync(join(import.meta.dirname, '../../../.github/RUNBOOK.md'), 'utf8');

test('the runbook’s command to forget one applicant names the row that the service wrote', () => {
  const [, article = ''] = runbook.split('## Let one applicant get a new session');
  const [, script = ''] = /node -pe '([^']+)'/.exec(article) ?? [];
  const printed = execFileSync(process.execPath, ['-pe', script], {
    env: { KEY: 'key-of-the-pseudonyms', INTEGRATION_ID: 'integration-1', UID_TO_FORGET: 'ABCDE-12345' },
    encoding: 'utf8',
  });
  const pk = { S: sessionKey('ABCDE-12345', 'integration-1', 'key-of-the-pseudonyms') };
  expect(JSON.parse(printed)).toEqual({ pk });
});
