import { createHash } from 'node:crypto';
import { invalidParameter, missingParameter, SqsError } from './sqs-error.ts';

/** An attribute in the JSON of SQS; a binary value is base64. */
export type MessageAttribute = { DataType: string; StringValue?: string; BinaryValue?: string };

/** The attributes of a message, by name. */
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** What a sender gives. */
export type MessageContent = { body: string; attributes: MessageAttributes };

/** "Amazon SQS message quotas", developer guide, read November 2026: body and attributes together. */
export const largestMessageBytes = 1_048_576;
const mostAttributes = 10;
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
const attributeName = /^(?!aws\.|amazon\.)(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/i;

/**
 * Accepts what SendMessage accepts (API reference, read November 2026).
 * @throws SqsError with AWS's name for what is wrong
 */
export function checkMessage({ body, attributes }: MessageContent): void {
  if (body === '') throw missingParameter('MessageBody');
  const named = Object.entries(attributes);
  if (named.length > mostAttributes) {
    throw invalidParameter(
      `Number of message attributes [${named.length}] exceeds the allowed maximum [10].`,
    );
  }
  for (const [name, attribute] of named) checkAttribute(name, attribute);
  for (const text of [body, ...named.map(([, { StringValue = '' }]) => StringValue)]) {
    if (forbidden.test(text)) {
      throw new SqsError('InvalidMessageContents', 'Invalid characters in the message.');
    }
  }
  const size = named.reduce((sum, each) => sum + sizeOf(each), Buffer.byteLength(body));
  if (size > largestMessageBytes) {
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${largestMessageBytes} bytes.`,
    );
  }
}

function checkAttribute(name: string, { DataType, StringValue, BinaryValue }: MessageAttribute): void {
  if (!attributeName.test(name)) throw invalidParameter('Message (user) attribute name is invalid.');
  const [type] = String(DataType).split('.');
  const value = type === 'Binary' ? BinaryValue : StringValue;
  if (!['String', 'Number', 'Binary'].includes(type ?? '')) {
    throw invalidParameter(`The message attribute '${name}' has an invalid message attribute type.`);
  }
  if (!value) {
    throw invalidParameter(
      `Message (user) attribute '${name}' must contain a non-empty value of type '${type}'.`,
    );
  }
}

const bytesOf = ({ StringValue, BinaryValue }: MessageAttribute): Buffer =>
  StringValue === undefined ? Buffer.from(BinaryValue ?? '', 'base64') : Buffer.from(StringValue);

const sizeOf = ([name, attribute]: [string, MessageAttribute]): number =>
  Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType) + bytesOf(attribute).length;

/** MD5 of a text, hex: the SDKs compare it with the body. */
export const md5OfBody = (body: string): string => createHash('md5').update(body).digest('hex');

/**
 * MD5 of attributes, hex; `undefined` without any ("Calculating the MD5 message digest for message attributes",
 * developer guide, read November 2026).
 */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const named = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  if (named.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const [name, attribute] of named) {
    add(Buffer.from(name));
    add(Buffer.from(attribute.DataType));
    hash.update(Buffer.from([attribute.StringValue === undefined ? 2 : 1]));
    add(bytesOf(attribute));
  }
  return hash.digest('hex');
}
