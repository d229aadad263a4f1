import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { buildDocument } from './build-document.ts';
import { exampleRequestId } from './components.ts';

/** A call, as the document names it. */
export type Call = {
  method: string;
  /** Below the stage: `/sessions`. */
  path: string;
};

/** An answer of the service as a client receives it. */
export type Answer = {
  status: number;
  /** By name in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
};

/** An answer as the document has it; without content, it has no body. */
type ResponseObject = {
  headers: Record<string, object>;
  /** By media type. */
  content?: Record<string, { schema: object; examples?: Record<string, object> }>;
};
type Components = Record<string, Record<string, object>>;

const document = buildDocument();

/**
 * The differences between an answer and the OpenAPI document, such as `the header x-request-id is missing`; empty if
 * there are none. They name headers, properties and rules, and quote no value: that may be a token. Headers that the
 * document does not have are ignored.
 */
export function differencesOf(call: Call, answer: Answer): string[] {
  const response = documentedResponse(call, answer.status);
  if (!response) return [`there is no status ${answer.status}`];
  return [...headerDifferences(answer, response), ...bodyDifferences(call, answer, response)];
}

/** The headers, in lower case, that the document has for an answer. */
export function documentedHeaders(call: Call, status: number): string[] {
  return Object.keys(documentedResponse(call, status)?.headers ?? {}).map((name) => name.toLowerCase());
}

/** The stable code of a problem; `undefined` if the body has none. */
export function codeOf({ body }: Pick<Answer, 'body'>): string | undefined {
  const code = parseObject(body)?.code;
  return typeof code === 'string' && /^[a-z_]{1,40}$/.test(code) ? code : undefined;
}

/** A body that is a JSON object; `undefined` if it is anything else. */
export function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function documentedResponse({ method, path }: Call, status: number): ResponseObject | undefined {
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

function headerDifferences({ headers }: Answer, response: ResponseObject): string[] {
  return Object.entries(response.headers).flatMap(([name, value]) => {
    const { required, schema } = resolve(value) as { required?: boolean; schema: { type: string } };
    const subject = `the header ${name.toLowerCase()}`;
    const text = headers[name.toLowerCase()];
    if (text === undefined) return required ? [`${subject} is missing`] : [];
    return schemaDifferences(schema, schema.type === 'integer' ? Number(text) : text, subject);
  });
}

const mediaTypeForm = /^[\w.+-]{1,40}\/[\w.+-]{1,40}$/;

function bodyDifferences({ method }: Call, { headers, body }: Answer, { content }: ResponseObject): string[] {
  if (method === 'HEAD') return [];
  if (!content) return body === '' ? [] : ['there is a body'];
  const mediaType = String(headers['content-type'] ?? '').split(';')[0] ?? '';
  const { schema, examples } = content[mediaType] ?? {};
  if (!schema) {
    return [`the media type ${mediaTypeForm.test(mediaType) ? mediaType : 'of the body'} is not documented`];
  }
  if (!mediaType.endsWith('json')) return schemaDifferences(resolve(schema), body);
  const value = parseObject(body);
  if (!value) return ['the body is no JSON object'];
  const differences = schemaDifferences(resolve(schema), value);
  if (examples) {
    const asExample = JSON.stringify({ ...value, instance: exampleRequestId });
    const values = Object.values(examples).map((example) => (resolve(example) as { value: object }).value);
    if (!values.some((each) => JSON.stringify(each) === asExample)) {
      differences.push('the body is none of the examples');
    }
    if (value.instance !== headers['x-request-id']) differences.push('instance is not the request id');
  }
  return differences;
}

let ajv: Ajv2020 | undefined;
const validators = new Map<object, ValidateFunction>();

/** The differences between a value and a schema. A client ignores unknown properties; here they are differences. */
export function schemaDifferences(schema: object = {}, value: unknown, subject = 'the body'): string[] {
  ajv ??= addFormats.default(new Ajv2020({ allErrors: true, strict: false }));
  const { components } = document; // Where the references of the schema lead.
  const validate =
    validators.get(schema) ?? ajv.compile({ ...schema, components, unevaluatedProperties: false });
  validators.set(schema, validate);
  if (validate(value)) return [];
  // Only path and rule: a value may contain a token.
  return (validate.errors ?? []).map(({ instancePath, message }) => `${subject}${instancePath} ${message}`);
}
