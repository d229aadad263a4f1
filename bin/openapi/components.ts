import { problems } from '../../functions/errors.ts';
import { securityHeaders } from '../../functions/http/security-headers.ts';
import {
  defaultLifeSeconds,
  longestLifeSeconds,
  shortestLifeSeconds,
} from '../../functions/launch-links/launch-link-life.ts';
import { uidPattern } from '../../functions/uid.ts';
import { gatewayResponses } from '../../lib/api/gateway-responses.ts';

// Values of the examples. The access token has the shape of a real one; its parts name their contents.

/** A request id. */
export const exampleRequestId = '17ebf18c-1046-404c-933e-7eb6c8edc1fc';

/** An applicant. */
export const exampleUid = 'ABCDE-12345';

/** A launch token, made by other code with a key that is made up. */
export const exampleLaunchToken = 'pOUXaQP8CSuNyAgWeKy6NaNXJB4J9fzqgDOqJ8YYhX0f03W9EU13pANPri0007zZ9z';

/** A session as `POST /sessions` answers it. */
export const exampleSession = {
  url: 'https://app.psychometric.me/header.claims.signature',
  expires_at: '2026-11-22T10:00:00Z',
  resumed: false,
};

/** A launch link as `POST /launch-links` answers it. */
export const exampleLaunchLink = {
  url: `https://abcde12345.execute-api.us-east-1.amazonaws.com/test/launch/${exampleLaunchToken}`,
  expires_at: '2026-11-22T10:00:00Z',
};

const uid = {
  type: 'string',
  pattern: uidPattern.source,
  description:
    'Your own id for the applicant or the application. It must hold no personal data. Use it once per assessment.',
};

/** The objects of requests and answers. */
export const schemas = {
  SessionRequest: {
    type: 'object',
    required: ['uid'],
    additionalProperties: false,
    properties: {
      uid,
      integration_id: {
        type: ['string', 'null'],
        description:
          'The integration id of this stage, if you want to check that you are configured for this stage. Null counts as absent.',
      },
    },
  },
  LaunchLinkRequest: {
    type: 'object',
    required: ['uid'],
    additionalProperties: false,
    properties: {
      uid,
      expires_in: {
        type: ['integer', 'null'],
        minimum: shortestLifeSeconds,
        maximum: longestLifeSeconds,
        description: `Seconds until the link expires. Absent or null: ${defaultLifeSeconds}, a day.`,
      },
      language: {
        type: ['string', 'null'],
        description:
          'The language of the applicant, such as `es`, `pt-BR` or `es_MX`. The page is in the nearest language of the stage; a text that is no language is ignored.',
      },
    },
  },
  Session: {
    type: 'object',
    required: ['url', 'expires_at', 'resumed'],
    properties: {
      url: {
        type: 'string',
        format: 'uri',
        pattern: '^https?://[^/]+/[0-9A-Za-z_-]+[.][0-9A-Za-z_-]+[.][0-9A-Za-z_-]+$',
        description: 'Where the assessment is. Anyone who has it can enter: keep it out of logs.',
      },
      expires_at: {
        type: ['string', 'null'],
        format: 'date-time',
        description: 'When the session expires, in UTC; null if the token of Begini has no usable expiry.',
      },
      resumed: {
        type: 'boolean',
        description: 'Whether this session was returned before.',
      },
    },
  },
  LaunchLink: {
    type: 'object',
    required: ['url', 'expires_at'],
    properties: {
      url: {
        type: 'string',
        format: 'uri',
        pattern: '^https?://.+/launch/[0-9A-Za-z]+$',
        description:
          'The link, letters and digits only after `/launch/`. Anyone who has it can enter the assessment: send it only to the applicant.',
      },
      expires_at: { type: 'string', format: 'date-time', description: 'When the link expires, in UTC.' },
    },
  },
  Result: {
    type: 'object',
    description: 'An event, as the pages of Begini describe it.',
    required: ['uid', 'event'],
    properties: {
      uid: { type: 'string' },
      integration_id: { type: 'string' },
      event: {
        type: 'object',
        required: ['type'],
        properties: {
          type: { type: 'string' },
          details: { type: 'object', additionalProperties: true },
          reasons: { type: 'array', items: {}, description: 'Begini does not document the values.' },
        },
      },
    },
  },
  Empty: { type: 'object', description: 'An object without properties.' },
  Problem: {
    type: 'object',
    description: 'An error (RFC 9457). Branch on `code`; the texts may change.',
    required: ['type', 'title', 'code', 'instance', 'detail'],
    properties: {
      type: { type: 'string', format: 'uri', description: '`urn:begini-session:` and the code.' },
      title: { type: 'string' },
      status: {
        type: 'integer',
        description: 'Absent if API Gateway has one answer for several statuses.',
      },
      code: {
        anyOf: [ref('schemas', 'KnownCode'), { type: 'string', pattern: '^[a-z_]+$' }],
        description: 'Stable. New codes may come at any time: handle an unknown code by its status.',
      },
      instance: { type: 'string', description: 'The request id. Quote it when you ask the operator.' },
      detail: { type: 'string', description: 'One or two sentences for a person.' },
    },
  },
  KnownCode: {
    type: 'string',
    enum: [...new Set([...Object.keys(problems), ...gatewayResponses.map(({ code }) => code)])],
    description: 'The codes of this version.',
  },
  Page: { type: 'string', contentMediaType: 'text/html', description: 'A page for the applicant.' },
} as const;

/** The headers that every answer has. */
export const commonHeaders = {
  ...Object.fromEntries(
    Object.entries(securityHeaders).map(([name, value]) => [
      name,
      { required: true, schema: { type: 'string', const: value } },
    ]),
  ),
  'x-request-id': {
    required: true,
    description: 'The id of the request. Quote it when you ask the operator.',
    schema: { type: 'string' },
    example: exampleRequestId,
  },
};

/** The headers that some answers have. */
export const someHeaders = {
  Location: {
    required: true,
    description:
      'The assessment: https://app.psychometric.me/ and the access token. Anyone who has it can enter: keep it out of logs.',
    schema: schemas.Session.properties.url,
    example: exampleSession.url,
  },
  'Retry-After': {
    required: true,
    description: 'When to call again, in seconds.',
    schema: { type: 'integer', minimum: 1 },
  },
  'Content-Security-Policy': {
    description: 'On the pages of the function.',
    schema: { type: 'string' },
  },
};

/** How a loan app authenticates. */
export const securitySchemes = {
  iam: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    'x-amazon-apigateway-authtype': 'awsSigv4',
    description:
      'A stage with `callerAuth` `iam` (the default): sign each request with AWS Signature Version 4, for the service `execute-api` and the region of the stage. The signature also needs the header `X-Amz-Date`, at most five minutes off, and with temporary credentials `X-Amz-Security-Token`, the session token.',
  },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: 'A stage with `callerAuth` `api-key`: send the key of your loan app.',
  },
};

/** Points to a component. */
export function ref(kind: string, name: string): { $ref: string } {
  return { $ref: `#/components/${kind}/${name}` };
}

/** The headers of every answer, and the given ones. */
export function headersWith(...names: (keyof typeof someHeaders)[]): Record<string, object> {
  const all = [...Object.keys(commonHeaders), ...names];
  return Object.fromEntries(all.map((name) => [name, ref('headers', name)]));
}

/** The content of an answer that is a page. */
export const page = { 'text/html': { schema: ref('schemas', 'Page') } };
