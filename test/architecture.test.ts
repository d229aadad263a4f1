import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');

/** The four folders, from left to right. */
const folders = ['functions', 'lib', 'bin', 'test'];

/** An import between two files, each by its path from the root of the repository. */
type Import = { from: string; to: string };

const filesIn = (top: string) =>
  readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(top, file));

const imports = folders.flatMap(filesIn).flatMap(importsOf);

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

test.each([
  ['functions', '@aws-sdk/client-secrets-manager'],
  ['functions', '@middy/core'],
  ['functions', '@middy/http-json-body-parser'],
  ['lib', 'aws-cdk-lib'],
  ['lib', 'constructs'],
  ['test', 'aws-sdk-client-mock'],
])('%s/ uses the package %s', (top, name) => {
  const use = new RegExp(`^(?!import type).*from '${name}'`, 'm');
  expect(filesIn(top).filter((file) => use.test(readFileSync(join(root, file), 'utf8')))).not.toEqual([]);
});

test('npm test uses the package jest', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect([scripts.test, scripts['test:unit']]).toEqual([
    expect.stringContaining('npm run test:unit'),
    expect.stringContaining(' test/jest.ts'),
  ]);
  expect(readFileSync(join(root, 'test/jest.ts'), 'utf8')).toContain("import 'jest/bin/jest'");
});

/** A regular expression in a line of code, with what can precede and follow one. */
const expression =
  /(?<=[(=,:!&|?[\s])\/((?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n[*])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n[])*)\/([dgimsuvy]*)(?=[.,;)\s])/g;

/** The regular expressions of a source file. */
const expressionsIn = (source: string) => {
  const code = source.replaceAll(/^\s*(\/?\*|\/\/).*$/gm, '').replaceAll(/ \/\/ .*$/gm, '');
  return [...code.matchAll(expression)].map(([, pattern = '']) => pattern);
};

/**
 * Whether an expression could take quadratic time: it is tried from every position, or it has two unbounded repeats,
 * which could share the text between them.
 */
function mayBeSlow(pattern: string): boolean {
  const outside = pattern.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  const repeats = outside.match(/(?<!\(\?)[*+]|\{\d+,\}/g) ?? [];
  return repeats.length > (pattern.startsWith('^') ? 1 : 0);
}

test('no expression of functions/ can take quadratic time, but for these with a reason', () => {
  const reasons = {
    // Between its repeats is a dot, which none of them matches.
    '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$': 'functions/begini/response.ts',
    // It reads the texts of the stage, which its own engineers write.
    '(?<![\\w#])\\+?\\(?\\d(?:[\\s()/.-]{0,2}\\d){6,}': 'functions/applicant-page/render-page.ts',
  };
  const slow = filesIn('functions').flatMap((file) =>
    expressionsIn(readFileSync(join(root, file), 'utf8'))
      .filter(mayBeSlow)
      .map((pattern) => [pattern, file]),
  );
  expect(Object.fromEntries(slow)).toEqual(reasons);
});

test.each([
  ["contentType.replace(/[ \\t]+;/, ';')", true],
  ['const slow = /^a+a*$/;', true],
  ['if (/(ab|cd){2,}/.test(text)) return;', true],
  ['const quick = /^[+*]\\+x+$/i;', false],
  ['const quick = /^\\w{1,64}$/;', false],
])('an expression is found in code, and judged: %s', (code, isSlow) => {
  expect(expressionsIn(code).map(mayBeSlow)).toEqual([isSlow]);
});
