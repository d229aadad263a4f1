import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

/** The longest answer that is read, before and after it is decompressed. */
export const largestResponseBytes = 16 * 1024;

/** Some servers omit the last bytes of a compressed answer. */
const options = { maxOutputLength: largestResponseBytes, finishFlush: constants.Z_SYNC_FLUSH };
const brotliOptions = { ...options, finishFlush: constants.BROTLI_OPERATION_FLUSH };

const inflate = (bytes: Buffer): Buffer => {
  try {
    return inflateSync(bytes, options);
  } catch {
    return inflateRawSync(bytes, options); // "deflate" without the zlib wrapper: a common mistake (RFC 9110 §8.4.1.2).
  }
};

const decompress: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: (bytes) => gunzipSync(bytes, options),
  'x-gzip': (bytes) => gunzipSync(bytes, options),
  deflate: inflate,
  br: (bytes) => brotliDecompressSync(bytes, brotliOptions),
};

/**
 * The text of an answer, however it is represented: the session in it exists, and must not be lost. We ask for
 * `identity`, but a server may compress all the same. An encoding that does not fit the bytes is ignored, because a
 * proxy between may have removed it.
 * @param contentEncoding the header's value
 */
export function readText(bytes: Buffer, contentEncoding: string | undefined): string {
  return decode(encodingsOf(contentEncoding).reduceRight(decoded, bytes));
}

/** The first encoding that cannot be read: `zstd`. Undefined if there is none. */
export function unreadableEncoding(contentEncoding: string | undefined): string | undefined {
  return encodingsOf(contentEncoding).find((name) => name !== 'identity' && !Object.hasOwn(decompress, name));
}

/** In the order in which they were applied (RFC 9110 §8.4). */
function encodingsOf(contentEncoding = ''): string[] {
  return contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

function decoded(bytes: Buffer, encoding: string): Buffer {
  try {
    return Object.hasOwn(decompress, encoding) ? (decompress[encoding]?.(bytes) ?? bytes) : bytes;
  } catch {
    return bytes;
  }
}

/**
 * JSON is UTF-8, without a byte order mark (RFC 8259 §8.1). One is skipped, and UTF-16 is recognised: JSON starts with
 * an ASCII character (RFC 4627 §3). A charset in Content-Type is ignored, as it is more often wrong than the bytes.
 */
function decode(bytes: Buffer): string {
  const [first, second] = bytes;
  const encoding =
    first === 0 || first === 0xfe ? 'utf-16be' : second === 0 || first === 0xff ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}
