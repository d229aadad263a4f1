import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createVendorClient, type VendorClient } from '../begini/client.ts';
import { buildSessionRequest } from '../begini/request.ts';
import { isRefusal, judgeResponse } from '../begini/response.ts';
import { CredentialsCache, type CredentialsVersion } from '../credentials/credentials-cache.ts';
import { vendorTimeoutMs, warmUpTimeoutMs } from '../deadlines.ts';
import { CallerError } from '../errors.ts';
import { createScope, limitScope, type RequestScope } from '../request-scope.ts';
import { secretsManagerDefaults } from '../secrets/client-defaults.ts';
import { connectSessionTable } from '../session-store/connect.ts';
import { type CreatedSession, RememberedSessions } from '../session-store/remembered-sessions.ts';
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
  /** Absent in a stage that remembers no sessions. */
  remembered?: RememberedSessions | undefined;
};

/** The secret has a pair of another integration now: a session under it has another row, which is not claimed yet. */
class IntegrationChanged extends Error {
  override readonly name = 'IntegrationChanged';
  readonly credentials: CredentialsVersion;

  constructor(credentials: CredentialsVersion) {
    super();
    this.credentials = credentials;
  }
}

/** @throws IntegrationChanged if the two have different integrations */
function ofSameIntegration(claimed: CredentialsVersion, used: CredentialsVersion): CredentialsVersion {
  if (used.integrationId !== claimed.integrationId) throw new IntegrationChanged(used);
  return used;
}

/** Returns an applicant's valid session, or creates a new one at the vendor. */
export class SessionService {
  readonly #settings: Settings;
  readonly #credentials: SessionServiceOptions['credentials'];
  readonly #vendor: VendorClient;
  readonly #remembered: RememberedSessions | undefined;

  constructor({ settings, credentials, vendor, remembered }: SessionServiceOptions) {
    this.#settings = settings;
    this.#credentials = credentials;
    this.#vendor = vendor;
    this.#remembered = remembered;
  }

  /**
   * The service on its real clients.
   * @param tableClient the client's configuration if it is not Lambda's own
   */
  static of(
    settings: Settings,
    client = new SecretsManagerClient(secretsManagerDefaults),
    tableClient?: DynamoDBClientConfig,
  ): SessionService {
    const credentials = new CredentialsCache({ client, secretArn: settings.credentialsSecretArn });
    const vendor = createVendorClient({ origin: settings.origins.api });
    const { resume, uidRefKey } = settings;
    const remembered =
      resume &&
      new RememberedSessions({
        table: connectSessionTable(resume.tableName, tableClient),
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
      this.#remembered?.warmUp(scope),
    ]);
  }

  /** Reads overdue credentials again, ahead of `create`. Never rejects. */
  async refreshCredentials(scope: RequestScope): Promise<void> {
    await this.#credentials.refresh(scope);
  }

  /**
   * The applicant's session: the valid one, else a new one.
   * @throws CallerError `integration_mismatch`, `session_in_progress`, VendorError, OperatorError.
   */
  async create(applicant: Applicant, scope: RequestScope): Promise<Session> {
    scope.trace.uidRef = uidReference(applicant.uid, this.#settings.uidRefKey);
    for (let credentials = await this.#credentials.read(scope); ; ) {
      try {
        return await this.#createFor(applicant, credentials, scope);
      } catch (error) {
        if (!(error instanceof IntegrationChanged)) throw error;
        credentials = error.credentials;
      }
    }
  }

  async #createFor(
    { uid, integrationId }: Applicant,
    credentials: CredentialsVersion,
    scope: RequestScope,
  ): Promise<Session> {
    if (integrationId !== undefined && integrationId !== credentials.integrationId) {
      throw new CallerError('integration_mismatch');
    }
    const create = (limited: RequestScope) => this.#callVendor(uid, credentials, limited);
    const { session, resumed } = this.#remembered
      ? await this.#remembered.getOrCreate(uid, credentials.integrationId, scope, create)
      : { session: (await create(scope)).session, resumed: false };
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

  /** Calls once more if the vendor refuses the credentials and the secret has a newer version. */
  async #callVendor(
    uid: string,
    credentials: CredentialsVersion,
    scope: RequestScope,
  ): Promise<CreatedSession> {
    const vendorScope = limitScope(scope, vendorTimeoutMs);
    let used = ofSameIntegration(credentials, await this.#credentials.usable(credentials, vendorScope));
    const { hmac } = this.#settings;
    const send = () => this.#vendor.send(buildSessionRequest(uid, used, { hmac }), vendorScope);

    let response = await send();
    if (isRefusal(response)) {
      used = ofSameIntegration(credentials, await this.#credentials.replace(used, vendorScope));
      response = await send();
    }
    if (isRefusal(response)) this.#credentials.refuse(used);
    else this.#credentials.accept(used);
    return { session: judgeResponse(response, uid, used.integrationId), credentials: used };
  }
}
