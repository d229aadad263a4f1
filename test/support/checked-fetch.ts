import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { buildDocument } from '../../bin/openapi/build-document.ts';
import { exampleRequestId } from '../../bin/openapi/components.ts';

/** An answer of the service as a client receives it. */
export type Answer = {
  method: string;
  /** Below the stage: `/sessions`. */
  path: string;
  status: number;
  /** By name in lower case. */
  headers: Record<string, string>;
  body: string;
};

/** Calls the service as `fetch` does, follows no redirect, and throws if the contract does not have the answer. */
export async function checkedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const faults = faultsOf({
    method: init.method ?? 'GET',
    path: new URL(url).pathname.replace(/^\/test(?=\/|$)/, ''),
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.clone().text(),
  });
  if (faults.length > 0) throw new Error(`The contract does not have this answer:\n${faults.join('\n')}`);
  return response;
}

const document = buildDocument();

/** An answer as the document has it; without content, it has no body. */
type ResponseObject = {
  headers: Record<string, object>;
  /** By media type. */
  content?: Record<string, { schema: object; examples?: Record<string, object> }>;
};
type Components = Record<string, Record<string, object>>;

/** The differences between an answer and the OpenAPI document; empty if there are none. */
export function faultsOf(answer: Answer): string[] {
  const response = documentedResponse(answer);
  const route = `${answer.method} ${answer.path}`;
  if (!response) return [`${route}: there is no status ${answer.status}`];
  const { code, faults } = bodyFaults(answer, response);
  return [...headerFaults(answer, response), ...faults].map(
    (fault) => `${route} ${answer.status} ${code}: ${fault}`,
  );
}

function documentedResponse({ method, path, status }: Answer): ResponseObject | undefined {
  const template = Object.keys(document.paths).find((each) => patternOf(each).test(path)) ?? '';
  const operation = document.paths[template]?.[method.toLowerCase()] as { responses: Record<string, object> };
  // An undeclared route gets the answer for a missing authentication.
  const responses = operation?.responses ?? { 403: document.components.responses.Gateway403 };
  return resolve(responses[status] ?? responses[`${Math.floor(status / 100)}XX`]) as
    | ResponseObject
    | undefined;
}

/** API Gateway routes a path with a slash at its end like the same path without it. */
const patternOf = (template: string) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`);

/** Follows `{"$ref": "#/components/headers/Location"}`. */
function resolve(value: object | undefined): object | undefined {
  const [, kind, name] = /^#\/components\/(\w+)\/(.+)$/.exec((value as { $ref?: string })?.$ref ?? '') ?? [];
  return kind && name ? (document.components as unknown as Components)[kind]?.[name] : value;
}

const transportHeaders = ['connection', 'content-length', 'content-type', 'date', 'keep-alive'];

function headerFaults({ headers }: Answer, response: ResponseObject): string[] {
  const documented = Object.entries(response.headers).map(([name, value]) => {
    return {
      name: name.toLowerCase(),
      ...(resolve(value) as { required?: boolean; schema: { type: string } }),
    };
  });
  const known = [...transportHeaders, ...documented.map(({ name }) => name)];
  const unknown = Object.keys(headers).filter((name) => !known.includes(name));
  return [
    ...unknown.map((name) => `the header ${name} is not documented`),
    ...documented.flatMap(({ name, required, schema }) => {
      const text = headers[name];
      if (text === undefined) return required ? [`the header ${name} is missing`] : [];
      return schemaFaults(schema, schema.type === 'integer' ? Number(text) : text, `the header ${name}`);
    }),
  ];
}

function bodyFaults(
  { method, headers, body }: Answer,
  { content }: ResponseObject,
): { code: string; faults: string[] } {
  if (method === 'HEAD') return { code: '', faults: [] };
  if (!content) return { code: '', faults: body === '' ? [] : ['there is a body'] };
  const mediaType = headers['content-type']?.split(';')[0] ?? '';
  const { schema, examples } = content[mediaType] ?? {};
  if (!schema) return { code: '', faults: [`the media type ${mediaType} is not documented`] };
  if (!mediaType.endsWith('json')) return { code: '', faults: schemaFaults(resolve(schema), body) };
  const value = parse(body);
  if (!value) return { code: '', faults: ['the body is no JSON object'] };
  const faults = schemaFaults(resolve(schema), value);
  if (examples) {
    const asExample = JSON.stringify({ ...value, instance: exampleRequestId });
    const values = Object.values(examples).map((example) => (resolve(example) as { value: object }).value);
    if (!values.some((each) => JSON.stringify(each) === asExample)) faults.push('it is none of the examples');
    if (value.instance !== headers['x-request-id']) faults.push('instance is not the request id');
  }
  return { code: value.code ?? '', faults };
}

function parse(body: string): { code?: string; instance?: string } | undefined {
  try {
    return JSON.parse(body) as object;
  } catch {
    return undefined;
  }
}

let ajv: Ajv2020 | undefined;
const validators = new Map<object, ValidateFunction>();

/** The differences between a value and a schema. A client ignores unknown properties; here they are faults. */
export function schemaFaults(schema: object = {}, value: unknown, subject = 'the body'): string[] {
  ajv ??= addFormats.default(new Ajv2020({ allErrors: true, strict: false }));
  const validate = validators.get(schema) ?? ajv.compile({ ...schema, unevaluatedProperties: false });
  validators.set(schema, validate);
  if (validate(value)) return [];
  // Only path and rule: a value may contain a token.
  return (validate.errors ?? []).map(({ instancePath, message }) => `${subject}${instancePath} ${message}`);
}
