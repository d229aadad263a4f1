import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');

/**
 * Checks that the block of a document between `<!-- name -->` and `<!-- end of name -->` is the generated text. With
 * the environment variable `WRITE_DOCUMENTS`, it writes the block instead.
 */
export function expectGeneratedBlock(document: string, name: string, markdown: string): void {
  const file = join(root, document);
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [`<!-- ${name} -->\n\n`, `\n\n<!-- end of ${name} -->`];
  const [before, rest] = text.split(begin);
  const [block, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${document} has no block "${name}"`);
  if (process.env.WRITE_DOCUMENTS) writeFileSync(file, [before, begin, markdown, end, after].join(''));
  else expect(block).toBe(markdown);
}
