import type { CacheLife } from '../secrets/secret-cache.ts';

/** The pair that Begini's Deployment Centre shows for one deployment and environment. */
export type CredentialsPair = { apiKey: string; integrationId: string };

/** The initial value of both fields in a new stack's secret: no pair has been stored yet. */
const sentinel = 'UNSET';

/** How long it is cached that a secret holds no pair: the first pair must be found at once. */
export const unsetLife: CacheLife = { freshMs: 1_000, jitter: 0, staleMs: 0 };

/**
 * Reads a secret's value, `{"apiKey": "…", "integrationId": "…"}`.
 *
 * @returns undefined if it is not a usable pair: two values that are valid in an HTTP header, neither the sentinel.
 */
export function parsePair(secretString: string | undefined): CredentialsPair | undefined {
  const { apiKey, integrationId } = parseFields(secretString);
  return isUsable(apiKey) && isUsable(integrationId) ? { apiKey, integrationId } : undefined;
}

/** Whether both hold the same key and the same integration id. */
export function isSamePair(one: CredentialsPair, other: CredentialsPair | undefined): boolean {
  return one.apiKey === other?.apiKey && one.integrationId === other.integrationId;
}

function parseFields(secretString: string | undefined): { apiKey?: unknown; integrationId?: unknown } {
  try {
    const value: unknown = JSON.parse(secretString ?? '');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function isUsable(value: unknown): value is string {
  return typeof value === 'string' && value !== sentinel && /^[\x21-\x7e]+$/.test(value);
}
