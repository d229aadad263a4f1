import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { version } from '../../functions/version.ts';

const changelog = readFileSync(join(import.meta.dirname, '..', '..', '.github', 'CHANGELOG.md'), 'utf8');

test('the version is the newest in the changelog', () => {
  const [newest] = /(?<=^## \[)\d[^\]]*/m.exec(changelog) ?? [];
  expect(version).toBe(newest);
});
