import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { ALGORITHM_IDENTIFIER, createScope, SHA256_HEADER, SignatureV4 } from '@smithy/signature-v4';
import type { IamCredentials } from './iam-credentials.ts';

/** A request as it was received, with all that its signature covers. */
export interface SignedRequest {
  method: string;
  /** Path and query as they are sent; the path has the stage. */
  url: string;
  /** Each name with its values in the order in which they are sent. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
}

/**
 * The type of API Gateway's answer to a request that is not signed as required. AWS reports other cases as a 403 of
 * DEFAULT_4XX: an `Authorization` that cannot be read, or credentials that it does not know.
 */
export type SignatureFault = 'MISSING_AUTHENTICATION_TOKEN' | 'INVALID_SIGNATURE' | 'DEFAULT_4XX';

/** The service that a caller of API Gateway signs for. */
const gatewayService = 'execute-api';

/** "In most cases, a request must reach AWS within five minutes of the time stamp" (IAM User Guide, November 2026). */
const maxSkewMs = 5 * 60_000;

/**
 * Checks a request that is signed with the header `Authorization`; a signed URL counts as one without authentication.
 * @returns `undefined` for a good signature
 */
export async function checkSignature(
  request: SignedRequest,
  credentials: IamCredentials | undefined,
): Promise<SignatureFault | undefined> {
  const headerOf = (wanted: string) => request.headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const authorization = headerOf('authorization');
  if (!authorization) return 'MISSING_AUTHENTICATION_TOKEN';

  const parameters = parseAuthorization(authorization);
  // "If AWS can't find the x-amz-date header, it looks for the date header" (IAM User Guide, "Elements of an AWS API
  // request signature", read November 2026), in the same format.
  const dateHeader = headerOf('x-amz-date') === undefined ? 'date' : 'x-amz-date';
  const timestamp = headerOf(dateHeader);
  if (!parameters || timestamp === undefined) return 'DEFAULT_4XX';
  const { credential, signature } = parameters;
  const signedHeaders = parameters.signedHeaders.split(';');
  const mustBeSigned = request.headers.map(([name]) => name.toLowerCase()).filter(isAlwaysSigned);
  if (!['host', dateHeader, ...mustBeSigned].every((name) => signedHeaders.includes(name)))
    return 'INVALID_SIGNATURE';

  const signedAt = parseTimestamp(timestamp);
  if (Number.isNaN(signedAt)) return 'DEFAULT_4XX';
  if (Math.abs(Date.now() - signedAt) > maxSkewMs) return 'INVALID_SIGNATURE';

  const [accessKeyId, ...scope] = credential.split('/');
  if (scope.length !== 4) return 'DEFAULT_4XX';
  if (!credentials || accessKeyId !== credentials.accessKeyId) return 'DEFAULT_4XX';
  if (headerOf('x-amz-security-token') !== credentials.sessionToken) return 'DEFAULT_4XX';
  const ownScope = createScope(timestamp.slice(0, 8), credentials.region, gatewayService);
  if (scope.join('/') !== ownScope) return 'INVALID_SIGNATURE';

  const isSorted = signedHeaders.join(';') === [...signedHeaders].sort().join(';');
  const expected = await sign(request, signedHeaders, new Date(signedAt), credentials);
  return isSorted && signature === expected ? undefined : 'INVALID_SIGNATURE';
}

type CanonicalRequest = Parameters<SignatureV4['createCanonicalRequest']>;

/** The signature that these headers of the request must have; `undefined` if they claim another body. */
async function sign(
  { method, url, headers, body }: SignedRequest,
  signedHeaders: string[],
  signingDate: Date,
  { region, ...credentials }: IamCredentials,
): Promise<string | undefined> {
  // What callers send in UTF-8, Node reads as latin1.
  const valueToSign = (wanted: string) =>
    Buffer.from(
      headers.flatMap(([name, value]) => (name.toLowerCase() === wanted ? [value.trim()] : [])).join(','),
      'latin1',
    ).toString();
  const signed = Object.fromEntries(signedHeaders.map((name) => [name, valueToSign(name)]));
  // The signer believes this header.
  const claimed = signed[SHA256_HEADER];
  if (claimed !== undefined && claimed !== createHash('sha256').update(body).digest('hex')) return undefined;

  const [path = '', ...search] = url.toWellFormed().split('?');
  // In a signature, a plus sign is no space.
  const parameters = new URLSearchParams(search.join('?').replaceAll('+', '%2B'));
  const query = Object.fromEntries([...parameters.keys()].map((name) => [name, parameters.getAll(name)]));
  const signer = new (class extends SignatureV4 {
    /** The signer removes `Date`, which a caller may sign. */
    protected override createCanonicalRequest(...[request, others, hash]: CanonicalRequest): string {
      return super.createCanonicalRequest(
        request,
        { ...others, ...(signed.date && { date: signed.date }) },
        hash,
      );
    }
  })({
    service: gatewayService,
    region,
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const { headers: result } = await signer.sign(
    { method, protocol: 'http:', hostname: '', path, query, headers: signed, body },
    // The signer adds its date, which the request may not have.
    { signingDate, signableHeaders: new Set(signedHeaders), unsignableHeaders: new Set(['x-amz-date']) },
  );
  return result.authorization?.split('Signature=')[1];
}

/** Whether AWS asks that a header be signed wherever it is sent; `host` always is. */
const isAlwaysSigned = (name: string) => name.startsWith('x-amz-');

function parseAuthorization(authorization: string) {
  const [method, ...rest] = authorization.trim().split(' ');
  if (method !== ALGORITHM_IDENTIFIER) return undefined;
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
