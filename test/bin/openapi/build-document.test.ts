import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { buildDocument } from '../../../bin/openapi/build-document.ts';
import { schemaDifferences } from '../../../bin/openapi/check-answer.ts';
import { exampleLaunchToken, exampleSession } from '../../../bin/openapi/components.ts';
import { type Operation, operations } from '../../../bin/openapi/operations.ts';
import { endings } from '../../../functions/applicant-page/page-content.ts';
import { parseBody as parseLink } from '../../../functions/create-launch-link/parse-body.ts';
import { parseBody as parseSession } from '../../../functions/create-session/parse-body.ts';
import { problems } from '../../../functions/errors.ts';
import { version } from '../../../functions/version.ts';
import { gatewayResponses } from '../../../lib/api/gateway-responses.ts';
import { routes } from '../../../lib/api/routes.ts';
import type { Service } from '../../support/service.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { startService } = await import('../../support/service.ts');
afterAll(() => time.restore());

const document = buildDocument();

describe('the document', () => {
  test('is the committed one; "npm run openapi" writes it anew', () => {
    const file = join(import.meta.dirname, '..', '..', '..', 'functions', 'openapi.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
  });

  test('is valid OpenAPI 3.1, and names the version of the service', async () => {
    const validator = new Validator();
    expect(await validator.validate(JSON.parse(JSON.stringify(document)))).toEqual({ valid: true });
    expect([validator.version, document.info.version]).toEqual(['3.1', version]);
  });

  test('has every route and no other, and requires only loan apps to authenticate', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [
        `${method.toUpperCase()} ${path}`,
        (operation as { security?: unknown }).security,
      ]),
    );
    const either = [{ iam: [] }, { apiKey: [] }];
    expect(documented).toEqual(
      routes.map(({ method, resource, caller }) => [
        `${method} ${resource}`,
        caller === 'loan-app' ? either : [],
      ]),
    );
  });

  test('has every error of the service on some route', () => {
    const documented = Object.values(operations).flatMap((operation) => operation.problems);
    expect(Object.keys(problems).filter((code) => !documented.some((each) => each === code))).toEqual([]);
  });

  test('has no broken reference and no unused response', () => {
    const text = JSON.stringify(document);
    const referred = new Set([...text.matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)].map(([all]) => all));
    const components = Object.entries(document.components).flatMap(([kind, each]) =>
      Object.keys(each).map((name) => `"#/components/${kind}/${name}"`),
    );
    expect([...referred].filter((name) => !components.includes(name))).toEqual([]);
    const unused = components.filter((name) => !referred.has(name));
    expect(unused).toEqual(['"#/components/securitySchemes/iam"', '"#/components/securitySchemes/apiKey"']);
  });
});

describe('its schemas, from which clients are generated', () => {
  type Schema = { type?: unknown; pattern?: unknown; enum?: unknown };
  /** Every object of the document that is not an example: among them, each schema. */
  const objectsIn = (value: unknown): Schema[] =>
    typeof value === 'object' && value !== null
      ? [
          value,
          ...Object.entries(value).flatMap(([name, each]) =>
            /^examples?$/.test(name) ? [] : objectsIn(each),
          ),
        ]
      : [];
  const schemas = objectsIn([document.paths, document.components]);

  test('have patterns that every language reads alike: from ^ to $, without a backslash', () => {
    const patterns = schemas.flatMap(({ pattern }) => (typeof pattern === 'string' ? pattern : []));
    // Generators take a slash at the start for a delimiter; \w is any letter of any language in Python and .NET.
    expect(patterns.filter((pattern) => !/^\^[^\\]+\$$/.test(pattern))).toEqual([]);
    for (const pattern of patterns) expect(new RegExp(pattern, 'u').test('')).toBe(false);
    expect(patterns.length).toBeGreaterThan(4);
  });

  test('have no default: it makes an optional property required, and not null, in generated types', () => {
    expect(schemas.filter((schema) => 'default' in schema)).toEqual([]);
  });

  test('say what is in each array', () => {
    expect(schemas.filter((schema) => schema.type === 'array' && !('items' in schema))).toEqual([]);
  });

  test('describe each property of an example, and leave open what they do not describe', () => {
    type Described = {
      description?: string;
      type?: unknown;
      properties?: Record<string, Described>;
      additionalProperties?: boolean;
    };
    const undescribed = ({ properties, additionalProperties }: Described, value: unknown): string[] =>
      Object.entries(properties && typeof value === 'object' && value ? value : {}).flatMap(
        ([name, each]) => {
          const schema = properties?.[name];
          if (schema) return undescribed(schema, each);
          return additionalProperties ? [] : [name];
        },
      );
    const bodies = Object.values(operations).flatMap(({ requestBody, answers }: Operation) => [
      requestBody,
      ...Object.values(answers).map(({ json }) => json),
    ]);
    const examples = bodies.flatMap((body) => body ?? []);
    expect(examples.length).toBeGreaterThan(5);
    for (const { schema, example } of examples) {
      expect(undescribed(document.components.schemas[schema], example)).toEqual([]);
    }
    const bare = schemas.filter((schema) => schema.type === 'object' && !('properties' in schema));
    expect(bare.filter((schema) => !('additionalProperties' in schema))).toEqual([
      document.components.schemas.Empty,
    ]);
  });

  test('list every code, and accept a new one', () => {
    const { Problem, KnownCode } = document.components.schemas;
    const codes = [...Object.keys(problems), ...gatewayResponses.map(({ code }) => code)];
    expect(KnownCode.enum).toEqual([...new Set(codes)]);
    const problem = { type: 'urn:begini-session:x', title: 'x', instance: 'x', detail: 'x' };
    expect(schemaDifferences(Problem, { ...problem, code: 'of_a_later_version' })).toEqual([]);
    expect(schemaDifferences(Problem, { ...problem, code: 'Not a code' })).not.toEqual([]);
  });

  test('have no other list but that of a path, and use this one only where a string of any other value may stand', () => {
    const { Problem, KnownCode } = document.components.schemas;
    const ending = { type: 'string', enum: endings };
    expect(schemas.filter((schema) => schema.enum)).toEqual([ending, ending, KnownCode]);
    expect(JSON.stringify(document).match(/schemas\/KnownCode"/g)).toHaveLength(1);
    expect(Problem.properties.code.anyOf).toContainEqual({ $ref: '#/components/schemas/KnownCode' });
  });
});

test('its schema of a request accepts exactly the bodies that the function accepts', () => {
  const language = fc.oneof(
    fc.constantFrom('es', 'pt-BR', 'zh-Hant-419', 'EN', 'en-'),
    fc.string({ maxLength: 13 }),
  );
  const body = fc.record(
    {
      uid: fc.oneof(fc.stringMatching(/^[A-Za-z0-9-]{4,61}$/), fc.string(), fc.integer()),
      expires_in: fc.oneof(fc.constantFrom(59, 60, 2_592_000, 2_592_001, 60.5, '60', null), fc.integer()),
      language: fc.oneof(language, fc.constant(null)),
      integration_id: fc.string(),
    },
    { requiredKeys: [] },
  );
  const isAccepted = (parse: (value: unknown) => unknown, value: unknown) => {
    try {
      return Boolean(parse(value));
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(body, (value) => {
      const { SessionRequest, LaunchLinkRequest } = document.components.schemas;
      expect(schemaDifferences(SessionRequest, value).length === 0).toBe(isAccepted(parseSession, value));
      expect(schemaDifferences(LaunchLinkRequest, value).length === 0).toBe(isAccepted(parseLink, value));
    }),
    { numRuns: 300 },
  );
});

describe('its examples', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  /** An answer with the values of the examples instead of the values that differ each time. */
  const withExampleValues = (text: string) =>
    text
      .replace(/(?<=psychometric\.me\/)[\w.-]+/, 'header.claims.signature')
      .replace(/(?<=\/launch\/)[\w.-]+/, exampleLaunchToken)
      .replace(new URL(service.url).origin, 'https://abcde12345.execute-api.us-east-1.amazonaws.com')
      .replace(/(?<="expires_at":)"[\d-]+T[\d:]+Z"/, `"${exampleSession.expires_at}"`);

  test('of a session are the service’s answers to the example of a request', async () => {
    const { requestBody, answers } = operations['POST /sessions'];
    const created = await service.post(requestBody?.example, { Accept: 'application/json' });
    expect(created.status).toBe(201);
    expect(JSON.parse(withExampleValues(await created.text()))).toEqual(answers[201]?.json?.example);

    const redirect = await service.post(requestBody?.example);
    expect(redirect.status).toBe(302);
    expect(withExampleValues(redirect.headers.get('location') ?? '')).toBe(exampleSession.url);
  });

  test('of a launch link are the service’s answers to the example of a request', async () => {
    const { requestBody, answers } = operations['POST /launch-links'];
    const response = await service.postLink(requestBody?.example);
    expect(JSON.parse(withExampleValues(await response.text()))).toEqual(answers[201]?.json?.example);
  });
});
