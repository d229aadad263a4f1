import fc, { type Arbitrary } from 'fast-check';

// A test run plays the same inputs each time; another seed plays others.
fc.configureGlobal({ seed: Number(process.env.SEED ?? 1) });

/** Part of every string that a caller of these tests controls: it may reach no log line and no other caller. */
export const planted = 'PLANTED';

/** Strings that break parsers, headers, pages, paths and shells. */
const hostileParts = [
  '\r\nSet-Cookie: a=b',
  '\n',
  '\u0000',
  '\u001b[2J',
  '\u2028',
  '\ufeff',
  '\u202e',
  '\ud800',
  '../../',
  '%2e%2e%2f',
  '%0d%0a',
  '//evil.example/',
  'https://evil.example',
  'javascript:alert(1)',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' OR 1=1 --",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are templates of other systems.
  '${jndi:ldap://evil.example}',
  '{{7*7}}',
  '$context.authorizer',
  '__proto__',
  'constructor',
  '; rm -rf /',
  '\u0410\u0412\u0421', // Cyrillic letters that look like Latin ones.
  '１２３',
  'x'.repeat(5_000),
];

const often = <T>(weight: number, arbitrary: Arbitrary<T>) => ({ weight, arbitrary });

/** A hostile string without a mark. */
export const hostileText: Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...hostileParts), fc.string({ unit: 'binary', maxLength: 12 })), {
    maxLength: 3,
  })
  .map((parts) => parts.join(''));

/** A hostile string that can be found again. */
export const plantedText: Arbitrary<string> = hostileText.map((text) => `${planted}${text}`);

/** A uid that is valid: 5 to 60 letters, digits and hyphens. */
export const validUid: Arbitrary<string> = fc
  .stringMatching(/^[A-Za-z0-9-]{1,52}$/)
  .map((end) => `${planted}-${end}`);

/** A uid that is invalid only in one place, or in its length. */
export const almostUid: Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      validUid,
      fc.nat(60),
      fc.constantFrom('_', ' ', '\n', '\u0000', 'é', 'Ａ', '٣', '.', '/', '"', '\\'),
    )
    .map(([uid, place, character]) => uid.slice(0, place) + character + uid.slice(place)),
  fc.stringMatching(/^[A-Za-z0-9-]{0,4}$/),
  fc.stringMatching(/^[A-Za-z0-9-]{61,80}$/),
);

/** Any value that JSON can write, with hostile strings in it. */
const anyJson: Arbitrary<unknown> = fc.oneof(
  plantedText,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, true, 0, -1, 1e308, [], {}),
);

/** What a caller could mean, with any value in it. */
const anyBody = fc.record(
  {
    uid: fc.oneof(often(3, validUid), almostUid, anyJson),
    integration_id: fc.oneof(fc.constant('simulated-integration-1'), anyJson),
    expires_in: fc.oneof(fc.integer({ min: 0, max: 3_000_000 }), anyJson),
    language: fc.oneof(fc.constantFrom('es', 'pt-BR', 'ar'), anyJson),
  },
  { requiredKeys: ['uid'] },
);
const withAnyProperty = (body: object) =>
  fc.dictionary(plantedText, anyJson, { maxKeys: 2 }).map((more) => ({ ...body, ...more }));

/** The text of a body: mostly what a caller could mean, with any value and any property in it. */
export const bodyText: Arbitrary<string> = fc.oneof(
  often(
    4,
    anyBody
      .chain((body) => fc.oneof(often(3, fc.constant<object>(body)), withAnyProperty(body)))
      .map((body) => JSON.stringify(body)),
  ),
  anyJson.map((value) => JSON.stringify(value)),
  plantedText,
);

/** What breaks JSON. */
const jsonParts = [...'"\\{}[],:\'\0\ufeff\ud800', '', '//', 'NaN', '[['.repeat(1_000)];

/** JSON that was cut, changed in one place, or extended before or after. */
export const brokenJson: Arbitrary<string> = fc
  .tuple(bodyText, fc.nat(), fc.constantFrom(...jsonParts))
  .chain(([text, place, part]) => {
    const at = place % (text.length + 1);
    return fc.constantFrom(
      text.slice(0, at),
      text.slice(0, at) + part + text.slice(at + 1),
      text.slice(0, at) + part + text.slice(at),
      part + text,
      text + part,
      text + text,
    );
  });

const headerName = fc.constantFrom(
  'Content-Type',
  'content-type',
  'Accept',
  'accept',
  'Accept-Language',
  'X-Api-Key',
  'X-Signature',
  'x-amzn-RequestId',
  'Host',
  'X-Forwarded-Host',
  '__proto__',
);
const headerValue = fc.oneof(
  fc.constantFrom(
    'application/json',
    'application/json; charset=utf-8',
    'text/html',
    '*/*',
    'text/html;q=0',
    'es, ar;q=0.5',
  ),
  anyJson,
);

const json = { 'Content-Type': 'application/json' };

/** Headers of an event: mostly those of a correct caller. */
const headers = fc.oneof(
  often(
    6,
    fc.constantFrom('application/json', 'text/html', '*/*').map((accept) => ({ ...json, Accept: accept })),
  ),
  often(
    4,
    fc.dictionary(headerName, headerValue, { maxKeys: 4 }).map((more) => ({ ...json, ...more })),
  ),
  fc.dictionary(fc.oneof(headerName, plantedText), headerValue, { maxKeys: 6 }),
  anyJson,
);

const requestTimeEpoch = fc.oneof(
  fc.constant(undefined),
  fc.integer({ min: -20_000, max: 20_000 }).map((ms) => Date.now() + ms),
  fc.double(),
  anyJson,
);
const requestContext = fc.oneof(
  often(
    4,
    fc.record({
      requestId: fc.oneof(fc.uuid(), plantedText, anyJson),
      requestTimeEpoch,
      domainName: fc.constant('api.example'),
      stage: fc.constant('test'),
      identity: anyJson,
    }),
  ),
  anyJson,
);

/**
 * Any event that a function could be invoked with: that of API Gateway, each part of which may be missing or have any
 * value. `tokens` are launch tokens, to be sent as they are or changed in one place.
 */
export function anyEvent(tokens: readonly string[]): Arbitrary<unknown> {
  const token = fc.oneof(
    fc.constantFrom(...tokens),
    fc
      .tuple(fc.constantFrom(...tokens), fc.nat(250), plantedText)
      .map(([whole, at, part]) => whole.slice(0, at) + part + whole.slice(at + 1)),
    anyJson,
  );
  const goodBody = validUid.map((uid) => JSON.stringify({ uid }));
  const body = fc.oneof(often(6, goodBody), often(4, bodyText), brokenJson, anyJson);
  const part = (arbitrary: Arbitrary<unknown>) => fc.oneof(often(9, arbitrary), anyJson);
  const whole = fc.record(
    {
      // Set by API Gateway for the route that it found: no caller writes them.
      httpMethod: fc.oneof(often(9, fc.constantFrom('GET', 'HEAD', 'POST')), hostileText),
      resource: fc.oneof(fc.constantFrom('/sessions', '/launch-links', '/launch/{token}'), hostileText),
      path: part(plantedText),
      headers,
      multiValueHeaders: anyJson,
      queryStringParameters: part(fc.dictionary(fc.string(), plantedText, { maxKeys: 2 })),
      pathParameters: part(fc.record({ token })),
      requestContext,
      body,
      isBase64Encoded: part(fc.constant(false)),
    },
    { requiredKeys: ['httpMethod', 'headers', 'pathParameters', 'requestContext', 'body'] },
  );
  const encoded = whole.map((event) => ({
    ...event,
    body: typeof event.body === 'string' ? Buffer.from(event.body).toString('base64') : event.body,
    isBase64Encoded: true,
  }));
  return fc.oneof(
    often(8, whole),
    encoded,
    whole.chain((event) => fc.subarray(Object.entries(event)).map(Object.fromEntries)),
    anyJson,
  );
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');

/** Possible answers of a vendor to a session call for `uid`, as JSON. */
export function anyVendorBody(uid: string): Arbitrary<unknown> {
  const mostly = (value: unknown) => fc.oneof(often(4, fc.constant(value)), anyJson);
  const claims = fc.record(
    {
      uid: mostly(uid),
      integration_id: mostly('simulated-integration-1'),
      exp: fc.oneof(fc.double(), anyJson),
    },
    { requiredKeys: [] },
  );
  const jwt = fc
    .tuple(anyJson, claims, plantedText)
    .map(([head, payload, end]) => `${base64url(head)}.${base64url(payload)}.${base64url(end)}`);
  const token = fc.oneof(
    often(3, jwt),
    fc
      .tuple(jwt, fc.nat(200), hostileText)
      .map(([text, at, part]) => text.slice(0, at) + part + text.slice(at)),
    anyJson,
  );
  return fc.oneof(
    often(4, fc.record({ access_token: token, url: plantedText }, { requiredKeys: ['access_token'] })),
    anyJson,
  );
}
