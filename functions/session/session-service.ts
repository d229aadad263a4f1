import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { VendorClient } from '../begini/client.ts';
import { buildSessionRequest } from '../begini/request.ts';
import { isRefusal, judgeResponse } from '../begini/response.ts';
import { wasNotStarted } from '../begini/vendor-call.ts';
import { CredentialsCache, type CredentialsVersion } from '../credentials/credentials-cache.ts';
import { vendorTimeoutMs, warmUpTimeoutMs } from '../deadlines.ts';
import { CallerError, OperatorError } from '../errors.ts';
import { createScope, limitScope, type RequestScope } from '../request-scope.ts';
import { secretsManagerDefaults } from '../secrets/client-defaults.ts';
import { connectSessionTable } from '../session-store/connect.ts';
import {
  type CreatedSession,
  type FoundSession,
  noMemory,
  RememberedSessions,
  type SessionMemory,
} from '../session-store/remembered-sessions.ts';
import { uidReference } from '../uid.ts';
import type { Settings } from './settings.ts';

/** An applicant to send into the assessment. */
export type Applicant = {
  /** The lender's own id: 5 to 60 letters, digits and hyphens. */
  uid: string;
  /** The integration that the caller expects, if it names one. */
  integrationId?: string | undefined;
};

/** Where the applicant's browser goes. */
export type Session = {
  /** A credential: anyone who has it can enter. */
  url: string;
  /** Epoch seconds, or null if the vendor gives no usable expiry. */
  expiresAtSeconds: number | null;
  /** Whether this session was returned before. */
  resumed: boolean;
};

/** What the service works with. */
export type SessionServiceOptions = {
  settings: Settings;
  credentials: Pick<CredentialsCache, keyof CredentialsCache>;
  vendor: VendorClient;
  /** By default, no sessions are remembered. */
  remembered?: SessionMemory | undefined;
};

/** What the vendor's call led to; without a session, the pair in use is now one of another integration. */
type Outcome = CreatedSession | { session?: undefined; credentials: CredentialsVersion };

/** Returns an applicant's valid session, or creates a new one at the vendor. */
export class SessionService {
  readonly #settings: Settings;
  readonly #credentials: SessionServiceOptions['credentials'];
  readonly #vendor: VendorClient;
  readonly #remembered: SessionMemory;

  constructor({ settings, credentials, vendor, remembered = noMemory }: SessionServiceOptions) {
    this.#settings = settings;
    this.#credentials = credentials;
    this.#vendor = vendor;
    this.#remembered = remembered;
  }

  /**
   * The service on its real clients. Start the vendor's warm-up first: to make the AWS SDK's clients, and their first
   * calls, take some 30 ms of JavaScript, during which the vendor's first round trip can pass.
   */
  static of(
    settings: Settings,
    vendor: VendorClient,
    client = new SecretsManagerClient(secretsManagerDefaults),
  ): SessionService {
    const credentials = new CredentialsCache({ client, secretArn: settings.credentialsSecretArn });
    const { resume, uidRefKey } = settings;
    const remembered =
      resume &&
      new RememberedSessions({
        table: connectSessionTable(resume.tableName),
        credentials,
        uidRefKey,
        sessionHours: resume.sessionHours,
      });
    return new SessionService({ settings, credentials, vendor, remembered });
  }

  /**
   * Reads the secret and opens the connections to the vendor and the table during init, when Lambda gives full CPU and no request is
   * waiting. Each ends in 2 s. Errors are ignored: the first request retries.
   */
  async warmUp(): Promise<void> {
    const scope = createScope(Date.now() + warmUpTimeoutMs);
    await Promise.allSettled([
      this.#credentials.read(scope),
      this.#vendor.warmUp(),
      this.#remembered.warmUp(scope),
    ]);
  }

  /** Reads overdue credentials again, ahead of `create`. @throws OperatorError `secrets_unavailable`. */
  async refreshCredentials(scope: RequestScope): Promise<void> {
    await this.#credentials.refresh(scope);
  }

  /**
   * The applicant's session: the valid one, else a new one.
   * @throws CallerError `integration_mismatch`, `session_in_progress`, VendorError, OperatorError.
   */
  async create(applicant: Applicant, scope: RequestScope): Promise<Session> {
    scope.trace.uidRef = uidReference(applicant.uid, this.#settings.uidRefKey);
    const credentials = await this.#credentials.read(scope);
    const { session, resumed } = await this.#findOrCreate(applicant, credentials, scope);
    scope.trace.outcome = resumed ? 'session_resumed' : 'session_created';
    return {
      url: `${this.#settings.origins.assessment}/${session.accessToken}`,
      expiresAtSeconds: session.expiresAtSeconds,
      resumed,
    };
  }

  close(): void {
    this.#vendor.close();
  }

  async #findOrCreate(
    applicant: Applicant,
    credentials: CredentialsVersion,
    scope: RequestScope,
  ): Promise<FoundSession> {
    const { uid, integrationId: expected } = applicant;
    const { integrationId } = credentials;
    if (expected !== undefined && expected !== integrationId) throw new CallerError('integration_mismatch');
    const found = await this.#remembered.claim(uid, integrationId, scope);
    if ('session' in found) return found;

    let outcome: Outcome | undefined;
    try {
      outcome = await this.#callVendor(uid, credentials, found.scope);
    } finally {
      if (!outcome?.session) await found.release();
    }
    // A session of another integration has another row, which is not claimed yet.
    if (!outcome.session) return await this.#findOrCreate(applicant, outcome.credentials, scope);
    return await found.keep(outcome);
  }

  /** Calls once more if the vendor refuses the credentials and the secret has a newer version. */
  async #callVendor(uid: string, credentials: CredentialsVersion, scope: RequestScope): Promise<Outcome> {
    // A call under another integration may have been made before.
    const vendorScope = limitScope(scope, vendorTimeoutMs - scope.trace.vendorMs);
    const { integrationId } = credentials;
    const { hmac } = this.#settings;
    const send = (pair: CredentialsVersion) =>
      this.#vendor.send(buildSessionRequest(uid, pair, { hmac }), vendorScope);

    let used = await this.#credentials.usable(credentials, vendorScope);
    if (used.integrationId !== integrationId) return { credentials: used };
    let response = await send(used);
    if (isRefusal(response)) {
      used = await this.#credentials.replace(used, vendorScope);
      if (used.integrationId !== integrationId) return { credentials: used };
      response = await send(used).catch((error) => {
        // Not `vendor_unreachable`: it was reached, and has refused.
        throw wasNotStarted(error) ? new OperatorError('credentials_refused', { cause: error.cause }) : error;
      });
    }
    if (isRefusal(response)) this.#credentials.refuse(used);
    else this.#credentials.accept(used);
    const { isExpiryAbsurd, ...session } = judgeResponse(response, uid, integrationId);
    if (isExpiryAbsurd) scope.trace.vendorExpiry = 'absurd';
    return { session, credentials: used };
  }
}
