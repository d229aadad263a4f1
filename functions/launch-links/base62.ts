const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const base = BigInt(digits.length);

/** Bytes as one large number with the digits `0-9A-Za-z`. The first byte is not 0: a number has no zeros before it. */
export function encodeBase62(bytes: Uint8Array): string {
  let text = '';
  for (let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`); rest > 0n; rest /= base) {
    text = digits.charAt(Number(rest % base)) + text;
  }
  return text;
}

/** The bytes of a text of letters and digits; `undefined` if `encodeBase62` makes another text of them. */
export function decodeBase62(text: string): Buffer | undefined {
  let number = 0n;
  for (const character of text) number = number * base + BigInt(digits.indexOf(character));
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return encodeBase62(bytes) === text ? bytes : undefined;
}
