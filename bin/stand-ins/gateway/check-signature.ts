import {
  algorithm,
  gatewayService,
  type IamCredentials,
  type SignableRequest,
  signatureOf,
  terminator,
} from './signature-v4.ts';

/**
 * The type of API Gateway's answer to a request that is not signed as required. AWS reports other cases as a 403 of
 * DEFAULT_4XX: an `Authorization` that cannot be read, or credentials that it does not know.
 */
export type SignatureFault = 'MISSING_AUTHENTICATION_TOKEN' | 'INVALID_SIGNATURE' | 'DEFAULT_4XX';

/** "In most cases, a request must reach AWS within five minutes of the time stamp" (IAM User Guide, November 2026). */
const maxSkewMs = 5 * 60_000;

/**
 * Checks a request that is signed with the header `Authorization`; a signed URL counts as one without authentication.
 * @returns `undefined` for a good signature
 */
export function checkSignature(
  request: SignableRequest,
  credentials: IamCredentials | undefined,
): SignatureFault | undefined {
  const headerOf = (wanted: string) => request.headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const authorization = headerOf('authorization');
  if (!authorization) return 'MISSING_AUTHENTICATION_TOKEN';

  const parameters = parseAuthorization(authorization);
  const timestamp = headerOf('x-amz-date');
  if (!parameters || timestamp === undefined) return 'DEFAULT_4XX';
  const { credential, signature } = parameters;
  const signedHeaders = parameters.signedHeaders.split(';');
  const mustBeSigned = request.headers.map(([name]) => name.toLowerCase()).filter(isAlwaysSigned);
  if (!['host', ...mustBeSigned].every((name) => signedHeaders.includes(name))) return 'INVALID_SIGNATURE';

  const signedAt = parseTimestamp(timestamp);
  if (Number.isNaN(signedAt)) return 'DEFAULT_4XX';
  if (Math.abs(Date.now() - signedAt) > maxSkewMs) return 'INVALID_SIGNATURE';

  const [accessKeyId, ...scope] = credential.split('/');
  if (scope.length !== 4) return 'DEFAULT_4XX';
  if (!credentials || accessKeyId !== credentials.accessKeyId) return 'DEFAULT_4XX';
  if (headerOf('x-amz-security-token') !== credentials.sessionToken) return 'DEFAULT_4XX';
  const { region, secretAccessKey } = credentials;
  const ownScope = [timestamp.slice(0, 8), region, gatewayService, terminator];
  if (scope.join('/') !== ownScope.join('/')) return 'INVALID_SIGNATURE';

  const expected = signatureOf(request, {
    signedHeaders,
    timestamp,
    region,
    service: gatewayService,
    secretAccessKey,
  });
  const isSorted = signedHeaders.join(';') === [...signedHeaders].sort().join(';');
  return isSorted && signature === expected ? undefined : 'INVALID_SIGNATURE';
}

/** Whether AWS asks that a header be signed wherever it is sent; `host` always is. */
const isAlwaysSigned = (name: string) => name.startsWith('x-amz-');

function parseAuthorization(authorization: string) {
  const [method, ...rest] = authorization.trim().split(' ');
  if (method !== algorithm) return undefined;
  const parameters = new Map<string, string>();
  for (const part of rest.join(' ').split(',')) {
    const [name = '', ...value] = part.trim().split('=');
    if (value.length === 0) return undefined;
    parameters.set(name, value.join('='));
  }
  const credential = parameters.get('Credential');
  const signedHeaders = parameters.get('SignedHeaders');
  const signature = parameters.get('Signature');
  return credential && signedHeaders && signature ? { credential, signedHeaders, signature } : undefined;
}

/** `20261127T180000Z` in epoch milliseconds; NaN for anything else. */
function parseTimestamp(text: string): number {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  return iso === text ? Number.NaN : Date.parse(iso);
}
