import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

/**
 * How the simulator behaves on session calls. With `times` the fault ends after that many calls. JSON on the control
 * endpoint: `{"fault": "status", "status": 429, "retryAfter": 7, "times": 1}`.
 */
export type Fault = { times?: number } & (
  | { fault: PlainFault }
  | { fault: 'slow'; delayMs: number }
  | { fault: 'status'; status: number; retryAfter?: number | string }
  | { fault: 'redirect'; location: string }
  | { fault: 'encoded'; encoding: Encoding }
  | { fault: 'raw-answer'; body: unknown; status?: number }
);

type PlainFault =
  | 'none'
  | 'refuse-second'
  | 'same-token'
  | 'hang'
  | 'reset'
  | 'close-mid-body'
  | 'not-http'
  | 'invalid-json'
  | 'oversized';

/** What an answer is sent as: its bytes, and the headers that describe them. */
interface EncodedAnswer {
  headers: Record<string, string>;
  body: Buffer;
}

const encoded = (name: string, body: Buffer): EncodedAnswer => ({
  headers: { 'Content-Encoding': name },
  body,
});
const bombBytes = 1_000_000;
const inUtf16 = (body: string) => Buffer.from(`\ufeff${body}`, 'utf16le');

/** Representations of an answer, by what `{"fault": "encoded", "encoding": "gzip"}` names. */
export const encodings = {
  gzip: (body: string) => encoded('gzip', gzipSync(body)),
  'x-gzip': (body: string) => encoded('x-gzip', gzipSync(body)),
  deflate: (body: string) => encoded('deflate', deflateSync(body)),
  'raw-deflate': (body: string) => encoded('deflate', deflateRawSync(body)),
  br: (body: string) => encoded('br', brotliCompressSync(body)),
  twice: (body: string) => encoded('gzip, br', brotliCompressSync(gzipSync(body))),
  'cut-gzip': (body: string) => encoded('gzip', gzipSync(body).subarray(0, -8)),
  'label-only': (body: string) => encoded('gzip', Buffer.from(body)),
  identity: (body: string) => encoded('identity', Buffer.from(body)),
  zstd: (body: string) => encoded('zstd', zstdCompressSync(body)),
  bomb: (body: string) => encoded('gzip', gzipSync(body.padEnd(bombBytes))),
  bom: (body: string) => ({ headers: {}, body: Buffer.from(`\ufeff${body}`) }),
  'utf-16le': (body: string) => ({ headers: {}, body: inUtf16(body) }),
  'utf-16be': (body: string) => ({ headers: {}, body: inUtf16(body).swap16() }),
  charset: (body: string) => ({
    headers: { 'Content-Type': 'text/html; charset=utf-16' },
    body: Buffer.from(body),
  }),
} satisfies Record<string, (body: string) => EncodedAnswer>;

type Encoding = keyof typeof encodings;

/** An HTTP answer to be sent. */
export interface SimulatorResponse {
  status: number;
  headers?: Record<string, string>;
  body: string;
}

/** Each fault in a few words, with the fields it accepts, for people at the control endpoint. */
export const faultHelp: Record<Fault['fault'], string> = {
  none: 'as documented; a second call for a uid gets another session',
  'refuse-second': 'a second call for a uid gets 422',
  'same-token': 'a second call for a uid gets its first token again',
  slow: 'answers after delayMs',
  hang: 'never answers',
  reset: 'resets the connection once the request is read',
  'close-mid-body': 'closes the connection in the middle of the answer',
  'not-http': 'answers with bytes that are not HTTP',
  'invalid-json': 'answers 200 with a body that is not JSON',
  oversized: 'answers 200 with more than 16 KiB',
  status: 'answers with status, and with Retry-After if retryAfter is given',
  redirect: 'answers 302 to location',
  encoded: `answers as documented, in an encoding: ${Object.keys(encodings).join(', ')}`,
  'raw-answer': 'answers with body as JSON, and with status (200)',
};

/** More than the 16 KiB that the service reads. */
const oversizedBytes = 20_000;

const requiredFields: Partial<Record<Fault['fault'], { name: string; type: 'number' | 'string' }>> = {
  slow: { name: 'delayMs', type: 'number' },
  status: { name: 'status', type: 'number' },
  redirect: { name: 'location', type: 'string' },
  encoded: { name: 'encoding', type: 'string' },
};

/** @throws Error that says what is allowed */
export function parseFault(input: Record<string, unknown>): Fault {
  const { fault: name, times } = input;
  if (typeof name !== 'string' || !Object.hasOwn(faultHelp, name)) {
    throw new Error(`fault must be one of ${Object.keys(faultHelp).join(', ')}`);
  }
  const required = requiredFields[name as Fault['fault']];
  if (required && typeof input[required.name] !== required.type) {
    throw new Error(`${name} needs ${required.name}, a ${required.type}`);
  }
  if (name === 'encoded' && !Object.hasOwn(encodings, input.encoding as string)) {
    throw new Error(`encoding must be one of ${Object.keys(encodings).join(', ')}`);
  }
  if (times !== undefined && !(Number.isInteger(times) && Number(times) > 0)) {
    throw new Error('times must be a whole number of at least 1');
  }
  return input as Fault;
}

/** The rest of a fault after it was simulated once. */
export function faultAfter(played: Fault): Fault {
  if (played.times === undefined) return played;
  return played.times > 1 ? { ...played, times: played.times - 1 } : { fault: 'none' };
}

/** The answer of a fault instead of the documented one. */
export function distort(honest: SimulatorResponse, fault: Fault): SimulatorResponse {
  switch (fault.fault) {
    case 'invalid-json':
      return { status: 200, body: '<html>not the JSON you are looking for</html>' };
    case 'oversized':
      return { ...honest, body: honest.body.padEnd(oversizedBytes) };
    case 'redirect':
      return { status: 302, headers: { Location: fault.location }, body: '' };
    case 'raw-answer':
      return { status: fault.status ?? 200, body: JSON.stringify(fault.body) };
    case 'status': {
      const headers = fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) };
      return { status: fault.status, headers, body: JSON.stringify({ message: 'A simulated answer' }) };
    }
    default:
      return honest;
  }
}
