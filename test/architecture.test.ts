import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');

/** The four folders, from left to right. */
const folders = ['functions', 'lib', 'bin', 'test'];

/** An import between two files, each by its path from the root of the repository. */
type Import = { from: string; to: string };

const imports: Import[] = folders.flatMap((top) =>
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

/** A folder inside one of the first three; a file directly in one of those is in no room. */
const isRoom = (folder: string) => folder.includes('/') && !folder.startsWith('test/');

/** Every pair of rooms `from > to` where the first imports the second. */
const arrows = new Set(
  imports
    .map(({ from, to }) => [dirname(from), dirname(to)])
    .filter(([from = '', to = '']) => from !== to && isRoom(from) && isRoom(to))
    .map((pair) => pair.join(' > ')),
);

describe('functions ← lib ← bin ← test', () => {
  test('each folder imports only from itself and from its left', () => {
    const place = (file: string) => folders.indexOf(file.split('/')[0] ?? '');
    const toTheRight = imports.filter(({ from, to }) => place(to) > place(from));
    expect(toTheRight).toEqual([]);
    expect(imports.length).toBeGreaterThan(0);
  });

  test('no two rooms import each other', () => {
    const rooms = new Set([...arrows].flatMap((arrow) => arrow.split(' > ')));
    process.stdout.write(`${rooms.size} rooms, ${arrows.size} arrows between them\n`);
    const mutual = [...arrows].filter((arrow) => arrows.has(arrow.split(' > ').reverse().join(' > ')));
    expect(mutual).toEqual([]);
    expect(rooms.size).toBeGreaterThan(0);
  });

  test('every relative import points to a file, inside the four folders or to package.json', () => {
    for (const { to } of imports) {
      expect(() => readFileSync(join(root, to))).not.toThrow();
      expect([...folders, 'package.json']).toContain(to.split('/')[0]);
    }
  });
});
