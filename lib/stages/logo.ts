import { readFileSync } from 'node:fs';
import { isAbsolute, join, normalize } from 'node:path';

/** Small enough for a slow phone; the page itself has less. */
const mostBytes = 8_000;

const repository = join(import.meta.dirname, '..', '..');
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** What a setting may name as a logo. */
export const allowedLogo = `the path of an SVG or PNG file in this repository, of at most ${mostBytes} bytes, such as "brand/logo.svg"`;

/**
 * Reads a logo as a `data:` URL; `undefined` if it is not a logo. An SVG runs no script and loads nothing in an
 * `<img>`.
 */
export function readLogo(path: string): string | undefined {
  if (isAbsolute(path) || normalize(path).startsWith('..')) return undefined;
  const file = readFile(join(repository, path));
  const type = file && typeOf(file, path);
  return file && type && file.length <= mostBytes
    ? `data:${type};base64,${file.toString('base64')}`
    : undefined;
}

function typeOf(file: Buffer, path: string): string | undefined {
  if (/\.png$/i.test(path) && file.subarray(0, pngSignature.length).equals(pngSignature)) return 'image/png';
  if (/\.svg$/i.test(path) && file.includes('<svg')) return 'image/svg+xml';
  return undefined;
}

function readFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
