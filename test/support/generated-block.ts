import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');

/**
 * Holds the block of a document between `<!-- name -->` and `<!-- end of name -->` to what it is generated from. With
 * the environment variable `WRITE_DOCUMENTS` the block is written instead.
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
