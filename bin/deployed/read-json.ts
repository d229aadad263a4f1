import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf } from '../../functions/errors.ts';
import { UsageError } from './usage-error.ts';

/**
 * Reads a JSON file of settings; a byte order mark is skipped.
 * @returns undefined if there is no such file
 * @throws UsageError that names the file, and line and column of a mistake
 */
export async function readJsonFile(file: string | URL): Promise<unknown> {
  const name = basename(file instanceof URL ? fileURLToPath(file) : file);
  let json: string;
  try {
    json = decodeText(await readFile(file));
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return undefined;
    throw new UsageError(`${name} cannot be read: ${reasonOf(error)}.`);
  }
  try {
    return JSON.parse(json);
  } catch {
    const before = json.slice(0, faultIn(json)).split('\n');
    throw new UsageError(
      `${name} is not JSON: look at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}.`,
    );
  }
}

/** Reads what editors and shells write: UTF-8, or UTF-16 as PowerShell 5 does, each with or without its mark. */
export function decodeText(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

const space = /\s*/y;
const text = /"([^"\\\p{Cc}]|\\(["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy;
const otherScalar = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null/y;
const mark = { '{': /\{/y, '}': /\}/y, '[': /\[/y, ']': /\]/y, ':': /:/y, ',': /,/y };

/**
 * The first index at which JSON is wrong. The message of `JSON.parse` does not always name it:
 * `Unexpected token ']', "[1,]" is not valid JSON`.
 */
function faultIn(json: string): number {
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(json) ?? [];
    at += found?.length ?? 0;
    return found !== undefined;
  };
  const take = (pattern: RegExp) => skip(space) && skip(pattern) && skip(space);
  const takeList = (end: RegExp, takeItem: () => boolean): boolean => {
    if (take(end)) return true;
    do if (!takeItem()) return false;
    while (take(mark[',']));
    return take(end);
  };
  const takeValue = (): boolean => {
    if (take(mark['{'])) return takeList(mark['}'], () => take(text) && take(mark[':']) && takeValue());
    if (take(mark['['])) return takeList(mark[']'], takeValue);
    return take(text) || take(otherScalar);
  };
  takeValue();
  return at;
}
