import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

/** A message for a queue. No attribute is text of the body. */
export type ResultMessage = { body: string; attributes: Record<string, string> };

/** How a body is written that Amazon SQS does not accept as text. */
export type Encoding = 'base64' | 'empty';

/** What a queue receives instead of an empty body. */
const emptyBody = '(empty)';

/** SHA-256 of the raw bytes in hex: the same bytes have the same id however often they come. */
export function resultId(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The body of a message: the bytes as they are, where Amazon SQS accepts them. */
export function encodeBody(bytes: Buffer): { body: string; encoding?: Encoding } {
  if (bytes.length === 0) return { body: emptyBody, encoding: 'empty' };
  const text = isUtf8(bytes) ? bytes.toString('utf8') : undefined;
  return text !== undefined && !refusedByQueue.test(text)
    ? { body: text }
    : { body: bytes.toString('base64'), encoding: 'base64' };
}

/**
 * Any character outside of those that SendMessage accepts (Amazon SQS API reference, read November 2026; an earlier
 * version of the page says that others are replaced by U+FFFD).
 */
const refusedByQueue = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
