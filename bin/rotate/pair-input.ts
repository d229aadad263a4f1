import type { CredentialsPair } from '../../functions/credentials/credentials-pair.ts';
import { decodeText } from '../deployed/read-json.ts';

/** The input is not a usable pair; the message names the fault and never the value. */
export class PairError extends Error {
  override readonly name = 'PairError';
}

/** Reads the bytes of `{"apiKey": "…", "integrationId": "…"}`, as from a file. @throws PairError */
export function parsePairInput(bytes: Uint8Array): CredentialsPair {
  let input: unknown;
  try {
    input = JSON.parse(decodeText(bytes));
  } catch {
    throw new PairError('The input is not JSON. It must be {"apiKey": "…", "integrationId": "…"}.');
  }
  const { apiKey, integrationId } = (input ?? {}) as { apiKey?: unknown; integrationId?: unknown };
  return checkPair(apiKey, integrationId);
}

/** Checks that an HTTP header and the secret can hold the pair. @throws PairError */
export function checkPair(apiKey: unknown, integrationId: unknown): CredentialsPair {
  const pair = {
    apiKey: checkApiKey(apiKey),
    integrationId: checkValue('The integration id', integrationId),
  };
  if (pair.apiKey === pair.integrationId) {
    throw new PairError('The API key and the integration id are the same. One was pasted twice.');
  }
  return pair;
}

/** Checks that an HTTP header and the secret can hold the key. @throws PairError */
export function checkApiKey(apiKey: unknown): string {
  return checkValue('The API key', apiKey);
}

/** Far longer than any key, and short enough for the header that carries it: servers accept about 8,000 bytes. */
const mostCharacters = 4_000;

function checkValue(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new PairError(`${name} is missing, or is not a string.`);
  if (value === '') throw new PairError(`${name} is empty.`);
  if (value.trim() === '') throw new PairError(`${name} is only white space.`);
  if (/[\r\n]/.test(value)) throw new PairError(`${name} contains a line break.`);
  if (/^(["'`]).*\1$/.test(value)) throw new PairError(`${name} is in quotation marks: leave them out.`);
  if (value !== value.trim()) throw new PairError(`${name} begins or ends with white space.`);
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new PairError(
      `${name} contains a character that is not allowed: a space, an accent or a control character.`,
    );
  }
  if (value.length > mostCharacters) {
    throw new PairError(`${name} is too long: more than ${mostCharacters} characters do not fit a header.`);
  }
  if (value === 'UNSET') throw new PairError(`${name} is the placeholder of a new stage.`);
  return value;
}
