import { createSign, createVerify, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IamCredentials } from '../../bin/stand-ins/gateway/iam-credentials.ts';
import { readBody, startLoopbackServer } from '../../bin/stand-ins/loopback.ts';
import { loanAppRole, mayAssumeLoanAppRole } from './loan-app-role.ts';

/** The claims of a token; `exp` in epoch seconds. */
export type Claims = Record<string, string | number>;

/** The claims of the loan app's own token. */
export const ownClaims = (): Claims => ({
  iss: `https://${loanAppRole.issuer}`,
  aud: loanAppRole.audience,
  sub: loanAppRole.subject,
  exp: Math.floor(Date.now() / 1000) + 3600,
});

/** A cloud that is not AWS: it gives a loan app a token, in a file, and AWS STS exchanges it for credentials. */
export type WebIdentity = Awaited<ReturnType<typeof startWebIdentity>>;

/**
 * Starts a stand-in for AssumeRoleWithWebIdentity of AWS STS with the role of the guide. It decides by the guide's trust
 * policy, and refuses with the errors of AWS: codes and statuses of the API reference, sentences of public reports (read
 * November 2026).
 * @param credentials what a good token is exchanged for, valid for `lifeSeconds`
 */
export async function startWebIdentity(credentials: IamCredentials, { lifeSeconds = 3600 } = {}) {
  const keys = { issuer: newKeys(), stranger: newKeys() };
  const folder = mkdtempSync(join(tmpdir(), 'begini-web-identity-'));
  const tokenFile = join(folder, 'token');
  const tokens: string[] = [];
  let beforeAnswer = () => {};

  /** What a token is refused for; `undefined` for one that gets the role. */
  function refusal(token: string): StsError | undefined {
    const claims = claimsOf(token);
    if (!claims) return invalidToken('The ID Token provided is not a valid JWT.');
    const provider = String(claims.iss).replace(/^https:\/\//, '');
    if (provider !== loanAppRole.issuer)
      return invalidToken(`No OpenIDConnect provider found in your account for ${claims.iss}`);
    if (!isSignedBy(keys.issuer.publicKey, token))
      return invalidToken(
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
      );
    const now = Math.floor(Date.now() / 1000);
    if (Number(claims.exp) <= now) {
      const message = `Token expired: current date/time ${now} must be before the expiration date/time ${claims.exp}`;
      return { status: 400, code: 'ExpiredTokenException', message };
    }
    if (claims.aud !== loanAppRole.audience) return invalidToken('Incorrect token audience');
    if (mayAssumeLoanAppRole({ aud: claims.aud, sub: String(claims.sub) })) return undefined;
    const message = 'Not authorized to perform sts:AssumeRoleWithWebIdentity';
    return { status: 403, code: 'AccessDenied', message };
  }

  async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parameters = new URLSearchParams((await readBody(request, 100_000))?.toString());
    const token = parameters.get('WebIdentityToken') ?? '';
    tokens.push(token);
    beforeAnswer();
    const isCall =
      parameters.get('Action') === 'AssumeRoleWithWebIdentity' &&
      parameters.get('RoleArn') === loanAppRole.arn &&
      /^[\w+=,.@-]{2,64}$/.test(parameters.get('RoleSessionName') ?? '');
    const error = isCall
      ? refusal(token)
      : { status: 400, code: 'ValidationError', message: 'Not this call' };
    response.writeHead(error?.status ?? 200, { 'Content-Type': 'text/xml' });
    response.end(error ? errorXml(error) : credentialsXml(credentials, lifeSeconds));
  }

  const server = await startLoopbackServer({ listener });
  /** Puts another token into the file, signed by the issuer or by a stranger; says which. */
  const giveToken = (claims: Claims, signedBy: keyof typeof keys = 'issuer') => {
    const token = newToken(claims, keys[signedBy].privateKey);
    writeFileSync(tokenFile, token);
    return token;
  };
  giveToken(ownClaims());
  return {
    /** What the loan app has in its environment, besides the URL of the service. */
    environment: {
      AWS_REGION: credentials.region,
      AWS_DEFAULT_REGION: credentials.region,
      AWS_ROLE_ARN: loanAppRole.arn,
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ENDPOINT_URL_STS: server.origin,
    },
    /** Every token that reached STS. */
    tokens,
    giveToken,
    /** What happens at each call of STS, before it answers. */
    onCall(action: () => void) {
      beforeAnswer = action;
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

interface StsError {
  status: number;
  code: string;
  message: string;
}

const invalidToken = (message: string): StsError => ({ status: 400, code: 'InvalidIdentityToken', message });

const newKeys = () => generateKeyPairSync('rsa', { modulusLength: 2048 });

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function newToken(claims: Claims, key: KeyObject): string {
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key, 'base64url')}`;
}

function claimsOf(token: string): Claims | undefined {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return undefined;
  }
}

function isSignedBy(key: KeyObject, token: string): boolean {
  const [header, claims, signature = ''] = token.split('.');
  return createVerify('RSA-SHA256').update(`${header}.${claims}`).verify(key, signature, 'base64url');
}

const namespace = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"';

const errorXml = ({ code, message }: StsError) =>
  `<ErrorResponse ${namespace}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`;

const credentialsXml = (
  { accessKeyId, secretAccessKey, sessionToken }: IamCredentials,
  lifeSeconds: number,
) =>
  `<AssumeRoleWithWebIdentityResponse ${namespace}><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>${new Date(Date.now() + lifeSeconds * 1000).toISOString()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`;
