import type { CredentialsPair } from '../../functions/credentials/credentials-pair.ts';

/** What the operator gave is no pair that could work; the message names the fault and never the value. */
export class PairError extends Error {
  override readonly name = 'PairError';
}

/** Reads `{"apiKey": "…", "integrationId": "…"}`, as from a file. @throws PairError */
export function parsePairInput(json: string): CredentialsPair {
  let input: unknown;
  try {
    input = JSON.parse(json);
  } catch {
    throw new PairError('What was read is not JSON. It must be {"apiKey": "…", "integrationId": "…"}.');
  }
  const { apiKey, integrationId } = (input ?? {}) as { apiKey?: unknown; integrationId?: unknown };
  return checkPair(apiKey, integrationId);
}

/** A pair that an HTTP header and the secret can hold. @throws PairError */
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

/** A key that an HTTP header and the secret can hold. @throws PairError */
export function checkApiKey(apiKey: unknown): string {
  return checkValue('The API key', apiKey);
}

function checkValue(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new PairError(`${name} is missing, or is no string.`);
  if (value === '') throw new PairError(`${name} is empty.`);
  if (value.trim() === '') throw new PairError(`${name} is nothing but white space.`);
  if (/[\r\n]/.test(value)) throw new PairError(`${name} holds a line break.`);
  if (value !== value.trim()) throw new PairError(`${name} begins or ends with white space.`);
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new PairError(`${name} holds a character that no key has: a space, an accent or a control key.`);
  }
  if (value === 'UNSET') throw new PairError(`${name} is the placeholder of a new stage.`);
  return value;
}
