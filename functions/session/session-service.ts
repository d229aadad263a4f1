import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createVendorClient, type VendorClient } from '../begini/client.ts';
import { buildSessionRequest } from '../begini/request.ts';
import { isRefusal, judgeResponse, type VendorSession } from '../begini/response.ts';
import { type Credentials, CredentialsCache } from '../credentials/credentials-cache.ts';
import { vendorTimeoutMs, warmUpTimeoutMs } from '../deadlines.ts';
import { CallerError } from '../errors.ts';
import { createScope, limitScope, type RequestScope } from '../request-scope.ts';
import { secretsManagerDefaults } from '../secrets/client-defaults.ts';
import { uidReference } from '../uid.ts';
import type { Settings } from './settings.ts';

/** An applicant to send into the assessment. */
export type Applicant = {
  /** The lender's own id: 5 to 60 letters, digits and hyphens. */
  uid: string;
  /** The integration that the caller expects, where it names one. */
  integrationId?: string | undefined;
};

/** Where the applicant's browser goes. */
export type Session = {
  /** A credential: anyone who holds it can enter. */
  url: string;
  /** Epoch seconds, or null where the vendor names no usable expiry. */
  expiresAtSeconds: number | null;
};

/** What the service works with. */
export type SessionServiceOptions = {
  settings: Settings;
  credentials: Pick<CredentialsCache, keyof CredentialsCache>;
  vendor: VendorClient;
};

/** Creates sessions at the vendor. */
export class SessionService {
  readonly #settings: Settings;
  readonly #credentials: SessionServiceOptions['credentials'];
  readonly #vendor: VendorClient;

  constructor({ settings, credentials, vendor }: SessionServiceOptions) {
    this.#settings = settings;
    this.#credentials = credentials;
    this.#vendor = vendor;
  }

  /** The service on its real clients. */
  static of(settings: Settings, client = new SecretsManagerClient(secretsManagerDefaults)): SessionService {
    return new SessionService({
      settings,
      credentials: new CredentialsCache({ client, secretArn: settings.credentialsSecretArn }),
      vendor: createVendorClient({ origin: settings.origins.api }),
    });
  }

  /**
   * Reads the secret and opens the connection to the vendor during init, when Lambda gives full CPU and no request is
   * waiting. Each ends in 2 s. Errors are ignored: the first request retries.
   */
  async warmUp(): Promise<void> {
    const scope = createScope(Date.now() + warmUpTimeoutMs);
    await Promise.allSettled([this.#credentials.read(scope), this.#vendor.warmUp()]);
  }

  /**
   * Creates a session for the applicant.
   * @throws CallerError `integration_mismatch`, VendorError, OperatorError.
   */
  async create({ uid, integrationId }: Applicant, scope: RequestScope): Promise<Session> {
    scope.trace.uidRef = uidReference(uid, this.#settings.uidRefKey);
    const credentials = await this.#credentials.read(scope);
    if (integrationId !== undefined && integrationId !== credentials.integrationId) {
      throw new CallerError('integration_mismatch');
    }
    const session = await this.#callVendor(uid, credentials, scope);
    scope.trace.outcome = 'session_created';
    return {
      url: `${this.#settings.origins.assessment}/${session.accessToken}`,
      expiresAtSeconds: session.expiresAtSeconds,
    };
  }

  close(): void {
    this.#vendor.close();
  }

  /** Calls once more where the vendor refuses the credentials and the secret has a newer version. */
  async #callVendor(uid: string, credentials: Credentials, scope: RequestScope): Promise<VendorSession> {
    let used = await this.#credentials.usable(credentials, scope);
    const { hmac } = this.#settings;
    const vendorScope = limitScope(scope, vendorTimeoutMs);
    const send = () => this.#vendor.send(buildSessionRequest(uid, used, { hmac }), vendorScope);

    let response = await send();
    if (isRefusal(response)) {
      used = await this.#credentials.replace(used, vendorScope);
      response = await send();
    }
    if (isRefusal(response)) this.#credentials.refuse(used);
    else this.#credentials.accept(used);
    return judgeResponse(response, uid, used.integrationId);
  }
}
