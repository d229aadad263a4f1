import type { IncomingHttpHeaders } from 'node:http';
import type { SimulatorResponse } from './begini-faults.ts';
import { type BeginiCredentials, type HmacMode, judgeSessionCall } from './begini-session-call.ts';
import { makeAccessToken } from './begini-token.ts';

/** What a second call for a uid gets: the vendor does not document it, so each possibility is simulated. */
export type SecondCall = 'new-session' | 'refuse-second' | 'same-token';

const psychometricsUrl = 'https://api.begini.co/master/psychometrics';

/** The vendor without HTTP: its credentials, the sessions it has created, its documented answers. */
export class BeginiVendor {
  readonly #hmac: HmacMode;
  readonly #sessionLifeSeconds: number;
  #credentials: (BeginiCredentials & { diesAt: number })[] = [];
  readonly #firstTokens = new Map<string, string>();
  #sessions = 0;

  constructor(credentials: BeginiCredentials, hmac: HmacMode, sessionLifeSeconds: number) {
    this.#hmac = hmac;
    this.#sessionLifeSeconds = sessionLifeSeconds;
    this.changeCredentials(credentials);
  }

  /**
   * Rotates the key. The old pair stops working at once, or after `overlapMs`: the vendor does not document which. The
   * pair in use once more ends the overlap.
   */
  changeCredentials(next: BeginiCredentials, overlapMs = 0): void {
    const diesAt = Date.now() + overlapMs;
    const old = this.#credentials
      .filter(({ apiKey, integrationId }) => apiKey !== next.apiKey || integrationId !== next.integrationId)
      .map((pair) => ({ ...pair, diesAt: Math.min(pair.diesAt, diesAt) }));
    this.#credentials = [{ ...next, diesAt: Number.POSITIVE_INFINITY }, ...old];
  }

  /** Every API key that was in use, the current one first: webhooks are signed with them. */
  get apiKeys(): string[] {
    return this.#credentials.map(({ apiKey }) => apiKey);
  }

  /** The documented answer to a session call; `accepted` if the call is valid. */
  answer(
    headers: IncomingHttpHeaders,
    rawBody: Buffer,
    secondCall: SecondCall,
  ): SimulatorResponse & { accepted: boolean } {
    const credentials = this.#credentials.filter(({ diesAt }) => diesAt > Date.now());
    const verdict = judgeSessionCall({ headers, rawBody, credentials, hmac: this.#hmac });
    if ('message' in verdict) return { ...refusal(verdict.status, verdict.message), accepted: false };

    const { uid, integrationId } = verdict;
    const first = this.#firstTokens.get(uid);
    if (first && secondCall === 'refuse-second') return { ...refusal(422, 'Invalid uid'), accepted: false };
    const token = first && secondCall === 'same-token' ? first : this.#openSession(uid, integrationId);
    return {
      status: 200,
      body: JSON.stringify({ access_token: token, url: psychometricsUrl }),
      accepted: true,
    };
  }

  #openSession(uid: string, integrationId: string): string {
    this.#sessions += 1;
    const token = makeAccessToken({
      uid,
      company_id: 'simulated-company',
      integration_id: integrationId,
      url: psychometricsUrl,
      exp: Math.floor(Date.now() / 1000) + this.#sessionLifeSeconds,
      // Not the vendor's: keeps two sessions of the same second apart.
      jti: String(this.#sessions),
    });
    if (!this.#firstTokens.has(uid)) this.#firstTokens.set(uid, token);
    return token;
  }
}

function refusal(status: number, message: string): SimulatorResponse {
  return { status, body: JSON.stringify({ message }) };
}
