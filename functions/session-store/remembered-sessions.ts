import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { VendorSession } from '../begini/response.ts';
import type { CredentialsCache, CredentialsVersion } from '../credentials/credentials-cache.ts';
import { claimPollMs, shortestCallMs, shortestWaitMs, storeReserveMs } from '../deadlines.ts';
import { CallerError } from '../errors.ts';
import type { RequestScope } from '../request-scope.ts';
import { openSession, sealSession, sessionKey } from './sealed-session.ts';
import { type SessionItem, type SessionTable, StoreUnavailable } from './session-table.ts';

/** A session, and the credentials that the vendor accepted for it. */
export type CreatedSession = { session: VendorSession; credentials: CredentialsVersion };

/** What sessions are remembered with. */
export type RememberedSessionsOptions = {
  table: SessionTable;
  credentials: Pick<CredentialsCache, 'find'>;
  uidRefKey: string;
  /** How long a session is remembered if its token has no expiry. */
  sessionHours: number;
  /** Epoch milliseconds. */
  now?: () => number;
};

/** A session for an applicant, and whether it was returned before. */
export type FoundSession = { session: VendorSession; resumed: boolean };

/** The applicant has no valid session: this request creates one, then calls exactly one of the two methods. */
export type Claim = {
  /** The request's scope without the time that is reserved to store the session. */
  scope: RequestScope;
  /** Stores the session. If another request has taken over the claim, returns its session. */
  keep(created: CreatedSession): Promise<FoundSession>;
  /** Gives the claim back: no session was created. */
  release(): Promise<void>;
};

/** How a stage finds the sessions that it has created. */
export type SessionMemory = Pick<RememberedSessions, 'warmUp' | 'claim'>;

/** A stage that remembers no sessions: each request gets a claim, and nothing is stored. */
export const noMemory = {
  warmUp: async () => undefined,
  claim: async (_uid: string, _integrationId: string, scope: RequestScope): Promise<Claim> => ({
    scope,
    keep: async ({ session }) => ({ session, resumed: false }),
    release: async () => undefined,
  }),
} satisfies SessionMemory;

/** The longest life of a session at the vendor, in seconds: 10,000 hours. */
const longestLifeSeconds = 36_000_000;

/** One row as one request works on it. */
type Row = { key: string; claim: string; scope: RequestScope; hasWaited: boolean };

/**
 * Returns the same session to every request for an applicant until it expires: claim the uid, call the vendor, store
 * the session. If the table does not answer, the session is created without it.
 */
export class RememberedSessions {
  readonly #table: SessionTable;
  readonly #credentials: Pick<CredentialsCache, 'find'>;
  readonly #uidRefKey: string;
  readonly #sessionHours: number;
  readonly #now: () => number;

  constructor({ table, credentials, uidRefKey, sessionHours, now = Date.now }: RememberedSessionsOptions) {
    this.#table = table;
    this.#credentials = credentials;
    this.#uidRefKey = uidRefKey;
    this.#sessionHours = sessionHours;
    this.#now = now;
  }

  /** Opens the connection to the table during init. Errors are ignored: the first request retries. */
  async warmUp(scope: RequestScope): Promise<void> {
    await this.#table.read('warm-up', scope).catch(() => undefined);
  }

  /**
   * The applicant's valid session, else a claim on creating one.
   * @throws CallerError `session_in_progress`.
   */
  async claim(uid: string, integrationId: string, scope: RequestScope): Promise<FoundSession | Claim> {
    const row = {
      key: sessionKey(uid, integrationId, this.#uidRefKey),
      claim: randomUUID(),
      scope,
      hasWaited: false,
    };
    let claim: Claim = {
      scope: { ...scope, deadline: scope.deadline - storeReserveMs },
      keep: (created) => this.#keep(row, created),
      release: () => this.#release(row),
    };
    try {
      const session = await this.#claimOrFind(row);
      if (session) return { session, resumed: true };
    } catch (error) {
      // A claim that may still exist would block the applicant until it expires: the session replaces it.
      const { mayHaveTakenEffect } = noteUnavailable(error, scope);
      if (!mayHaveTakenEffect) claim = await noMemory.claim(uid, integrationId, scope);
    }
    // Not `vendor_unreachable`: the time was spent on the other request.
    if (row.hasWaited && claim.scope.deadline - Date.now() < shortestCallMs) {
      await claim.release();
      throw new CallerError('session_in_progress');
    }
    return claim;
  }

  /** The valid session; undefined if this request has the claim. */
  async #claimOrFind(row: Row): Promise<VendorSession | undefined> {
    const { key, claim, scope } = row;
    let item = await this.#table.claim(key, claim, scope);
    for (let mayClaim = true; item !== undefined && item.claim !== claim; ) {
      if (item.created) {
        const session = await this.#open(item, row);
        if (session) return session;
        if (!mayClaim) throw new CallerError('session_in_progress');
        mayClaim = false;
        item = await this.#table.claim(key, claim, scope, item.claim);
        continue;
      }
      if (scope.deadline - Date.now() < shortestWaitMs) throw new CallerError('session_in_progress');
      row.hasWaited = true;
      await pause(claimPollMs);
      item = await this.#table.read(key, scope);
      if (item !== undefined) continue;
      if (!mayClaim) throw new CallerError('session_in_progress');
      mayClaim = false;
      item = await this.#table.claim(key, claim, scope);
    }
    return undefined;
  }

  /** The session of an item; undefined, and noted for the log line, if it cannot be opened. */
  async #open(item: SessionItem, { key, scope }: Row): Promise<VendorSession | undefined> {
    if (!item.created) return undefined;
    const { session: sealed, keyVersion, endsAtSeconds } = item.created;
    const pair = await this.#credentials.find(keyVersion, scope).catch((cause) => {
      throw new StoreUnavailable(cause, { mayHaveTakenEffect: false });
    });
    const session = pair && openSession(sealed, pair, key);
    // The table's own attribute is not sealed: someone could have changed the expiry.
    if (session?.endsAtSeconds !== endsAtSeconds) {
      scope.trace.store = 'unreadable';
      return undefined;
    }
    return { accessToken: session.accessToken, expiresAtSeconds: session.expiresAtSeconds };
  }

  async #keep(row: Row, { session, credentials }: CreatedSession): Promise<FoundSession> {
    const { key, claim, scope } = row;
    const own = { session, resumed: false };
    const endsAtSeconds = this.#endOf(session);
    const sealed = sealSession({ ...session, endsAtSeconds }, credentials, key);
    try {
      const item = { session: sealed, keyVersion: credentials.versionId, endsAtSeconds };
      if (await this.#table.store(key, claim, item, scope)) return own;
      const winner = await this.#table.read(key, scope);
      const other = winner && (await this.#open(winner, row));
      return other ? { session: other, resumed: true } : own;
    } catch (error) {
      noteUnavailable(error, scope);
      return own;
    }
  }

  #endOf({ expiresAtSeconds }: VendorSession): number {
    const now = Math.floor(this.#now() / 1000);
    const end = expiresAtSeconds ?? now + this.#sessionHours * 3_600;
    return Math.floor(Math.min(end, now + longestLifeSeconds));
  }

  async #release({ key, claim, scope }: Row): Promise<void> {
    await this.#table.release(key, claim, scope).catch((error) => noteUnavailable(error, scope));
  }
}

/** Notes for the log line why the table was not used. @throws any other error */
function noteUnavailable(error: unknown, { trace }: RequestScope): StoreUnavailable {
  if (!(error instanceof StoreUnavailable)) throw error;
  trace.store = 'unavailable';
  trace.storeReason = error.message;
  return error;
}
