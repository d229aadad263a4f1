import { createHash, createHmac, randomBytes } from 'node:crypto';

// After "Create a signed AWS API request", IAM User Guide (read November 2026). No signer of AWS's is used here, so that
// what this accepts says something about them.

/** What a request is signed with: a role's temporary credentials, and the region that they are used in. */
export interface IamCredentials {
  /** `ASIA…`, 20 characters. */
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  region: string;
}

/** The parts of a request that its signature covers. */
export interface SignableRequest {
  method: string;
  /** Path and query as they are sent; the path has the stage. */
  url: string;
  /** Each name with its values in the order in which they are sent. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
}

/** What a signature is made for and with. */
export interface SigningScope {
  /** Names in lower case. */
  signedHeaders: readonly string[];
  /** `20261127T180000Z`. */
  timestamp: string;
  region: string;
  service: string;
  secretAccessKey: string;
}

/** The name of the signing method. */
export const algorithm = 'AWS4-HMAC-SHA256';

/** The last part of each credential scope. */
export const terminator = 'aws4_request';

/** The service that a caller of API Gateway signs for. */
export const gatewayService = 'execute-api';

/** Credentials of a made-up role: good for one run of the service on this machine. */
export function createIamCredentials(region: string): IamCredentials {
  const letters = [...randomBytes(16)].map((byte) => base32[byte % base32.length]).join('');
  return {
    accessKeyId: `ASIA${letters}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(96).toString('base64'),
    region,
  };
}

/** The headers of a request for API Gateway, those that sign it included. */
export function signHeaders(
  request: SignableRequest,
  { accessKeyId, sessionToken, ...credentials }: IamCredentials,
): Record<string, string> {
  const timestamp = new Date().toISOString().replace(/\.\d+|\W/g, '');
  const headers = [
    ...request.headers,
    ['x-amz-date', timestamp] as const,
    ['x-amz-security-token', sessionToken] as const,
  ];
  const signedHeaders = headers.map(([name]) => name.toLowerCase()).sort();
  const scope = { ...credentials, signedHeaders, timestamp, service: gatewayService };
  const credential = [accessKeyId, timestamp.slice(0, 8), scope.region, gatewayService, terminator].join('/');
  const signature = signatureOf({ ...request, headers }, scope);
  return {
    ...Object.fromEntries(headers),
    authorization: `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`,
  };
}

/** The signature of a request, in lower-case hex. */
export function signatureOf(request: SignableRequest, scope: SigningScope): string {
  const { timestamp, region, service, secretAccessKey } = scope;
  const date = timestamp.slice(0, 8);
  const stringToSign = [
    algorithm,
    timestamp,
    [date, region, service, terminator].join('/'),
    sha256(Buffer.from(canonicalRequest(request, scope.signedHeaders), 'latin1')),
  ].join('\n');
  const key = [date, region, service, terminator].reduce<string | Buffer>(
    (parent, part) => createHmac('sha256', parent).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  return createHmac('sha256', key).update(stringToSign).digest('hex');
}

function canonicalRequest(
  { method, url, headers, body }: SignableRequest,
  signed: readonly string[],
): string {
  const queryAt = url.indexOf('?');
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const query = queryAt < 0 ? '' : url.slice(queryAt + 1);
  const names = [...signed].sort();
  return [
    method,
    canonicalPath(path),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${canonicalValue(headers, name)}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
}

/** Normalized, then encoded once more than it was sent: for all services but S3. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encode(segment));
  }
  const isFolder = segments.length > 0 && /\/\.{0,2}$/.test(path);
  return `/${segments.join('/')}${isFolder ? '/' : ''}`;
}

function canonicalQuery(query: string): string {
  const parameters = query
    .split('&')
    .filter((parameter) => parameter !== '')
    .map((parameter) => {
      const [name = '', ...value] = parameter.split('=');
      return [encode(decode(name)), encode(decode(value.join('=')))] as const;
    });
  return parameters
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function canonicalValue(headers: SignableRequest['headers'], wanted: string): string {
  return headers
    .filter(([name]) => name.toLowerCase() === wanted)
    .map(([, value]) => value.trim().replaceAll(/ +/g, ' '))
    .join(',');
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** All but RFC 3986's unreserved characters. */
const encode = (text: string) =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
