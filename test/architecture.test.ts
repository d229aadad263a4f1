import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');

/** An import between two files, each by its path from the root of the repository. */
type Import = { from: string; to: string };

const imports: Import[] = ['bin', 'functions', 'lib', 'test'].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => importsOf(join(top, file))),
);

/** What a file imports by a relative path, statically or dynamically. */
function importsOf(from: string): Import[] {
  const source = readFileSync(join(root, from), 'utf8');
  const specifiers = source.matchAll(/(?:from|import\(|import) ?'(\.[^']+)'/g);
  return [...specifiers].map(([, specifier = '']) => ({
    from,
    to: relative(root, join(root, dirname(from), specifier)),
  }));
}

/** Every pair of folders `from > to` where the first imports the second; without tests. */
const arrows = new Set(
  imports
    .filter(({ from }) => !from.startsWith('test/'))
    .map(({ from, to }) => `${dirname(from)} > ${dirname(to)}`)
    .filter((arrow) => new Set(arrow.split(' > ')).size === 2),
);

const isIn = (folder: string) => (file: string) => file.startsWith(`${folder}/`);
const importsBetween = (from: (file: string) => boolean, to: (file: string) => boolean) =>
  imports.filter((each) => from(each.from) && to(each.to)).map((each) => `${each.from} > ${each.to}`);

describe('the folders', () => {
  test('no two folders import each other', () => {
    const rooms = new Set([...arrows].flatMap((arrow) => arrow.split(' > ')));
    process.stdout.write(`${rooms.size} folders, ${arrows.size} imports between folders\n`);
    const mutual = [...arrows].filter((arrow) => arrows.has(arrow.split(' > ').reverse().join(' > ')));
    expect(mutual).toEqual([]);
    expect(rooms.size).toBeGreaterThan(0);
  });

  test('code that runs in Lambda does not import stack code', () => {
    const isElsewhere = (file: string) => !isIn('functions')(file) && file !== 'package.json';
    expect(importsBetween(isIn('functions'), isElsewhere)).toEqual([]);
  });

  test('stack code imports no handler; only the local service does', () => {
    const isStackCode = (file: string) => isIn('lib')(file) && !isIn('lib/local')(file);
    expect(importsBetween(isStackCode, (file) => file.endsWith('handler.ts'))).toEqual([]);
    expect(importsBetween(isIn('lib/local'), (file) => file.endsWith('handler.ts'))).not.toEqual([]);
  });

  test('no program imports from test/', () => {
    expect(importsBetween((file) => !isIn('test')(file), isIn('test'))).toEqual([]);
  });

  test('every relative import is found and points to a file', () => {
    for (const { to } of imports) expect(() => readFileSync(join(root, to))).not.toThrow();
    expect(imports.length).toBeGreaterThan(0);
  });
});
