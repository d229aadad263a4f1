import { gatewayTimeoutMs } from '../../functions/deadlines.ts';
import { largestBodyBytes } from '../../functions/http/json-body.ts';
import { version } from '../../functions/version.ts';
import { routes } from '../../lib/api/routes.ts';
import {
  commonHeaders,
  headersWith,
  page,
  ref,
  schemas,
  securitySchemes,
  someHeaders,
} from './components.ts';
import { errorExamples, errorResponses, sharedErrorResponses } from './error-responses.ts';
import { type Operation, operations, type Success } from './operations.ts';

const description = `One stage of the service. It holds the API key of Begini, creates the session with a signed call, and answers with the redirect to the assessment.

- Call from your backend, never from a browser or a phone: CORS is off.
- The body of a request is one JSON object of at most ${largestBodyBytes} bytes, with \`Content-Type: application/json\`.
- An error of the function is \`application/problem+json\`. API Gateway has answers of the same shape, labelled \`application/json\`; for \`Accept: text/html\`, and perhaps for \`*/*\`, they are a page. Send \`Accept: application/json\` with every call: without it, a session is a redirect too.
- API Gateway refuses a body above 10 MB and a URL that belongs to no stage in words of AWS: as text, and as \`{"message": "…"}\`. The id of such a request is in \`x-amzn-RequestId\`.
- The service answers within ${gatewayTimeoutMs / 1000} seconds. Set your client's timeout to 20.
- A new property, header or error code may come at any time.`;

const variable = (value: string, text: string) => ({ default: value, description: text });

const servers = [
  {
    url: 'https://{apiId}.execute-api.{region}.amazonaws.com/{stage}',
    description: 'A deployed stage: its output SessionsUrl, without /sessions.',
    variables: {
      apiId: variable('abcde12345', 'The id of the API in API Gateway.'),
      region: variable('us-east-1', 'The AWS region.'),
      stage: variable('test', 'The name of the stage in lower case: test or production in a fresh checkout.'),
    },
  },
  {
    url: 'https://{domain}',
    description: 'A deployed stage with a domain of the lender.',
    variables: { domain: variable('links.lender.example', 'The setting domain of the stage.') },
  },
  { url: 'http://127.0.0.1:3000/test', description: 'The service on your machine: npm start.' },
];

const tags = {
  'loan-app': { name: 'Loan app', description: 'Calls from the backend of a loan app, authenticated.' },
  vendor: { name: 'Begini', description: 'Calls from Begini, in a stage with results.' },
  anyone: {
    name: 'Applicant',
    description: 'Calls by the browser of an applicant, before and after the assessment.',
  },
};

/**
 * The contract as an OpenAPI 3.1 document, made from the tables that the service itself reads.
 * https://spec.openapis.org/oas/v3.1.1.html
 */
export function buildDocument() {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Begini session service',
      version,
      summary: 'Hands an applicant over from a loan app to the Begini assessment.',
      description,
    },
    servers,
    tags: Object.values(tags),
    paths: buildPaths(),
    components: {
      schemas,
      headers: { ...commonHeaders, ...someHeaders },
      examples: errorExamples(),
      responses: sharedErrorResponses(),
      securitySchemes,
    },
  };
}

function buildPaths() {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, resource, caller } of routes) {
    const operation: Operation = operations[`${method} ${resource}` as keyof typeof operations];
    const { operationId, summary, description: text, parameters, requestBody } = operation;
    paths[resource] ??= {};
    paths[resource][method.toLowerCase()] = {
      operationId,
      tags: [tags[caller].name],
      summary,
      description: text,
      security: caller === 'loan-app' ? [{ iam: [] }, { apiKey: [] }] : [],
      ...(parameters && { parameters }),
      ...(requestBody && { requestBody: { required: true, content: jsonContent(requestBody) } }),
      responses: { ...successResponses(operation), ...errorResponses(operation) },
    };
  }
  return paths;
}

function successResponses({ answers }: Operation): Record<string, object> {
  return Object.fromEntries(
    Object.entries(answers).map(([status, success]) => [
      status,
      { description: success.description, ...headersAndContent(success) },
    ]),
  );
}

function headersAndContent({ json, isPage, isRedirect }: Success): object {
  if (json) return { headers: headersWith(), content: jsonContent(json) };
  if (isPage) return { headers: headersWith('Content-Security-Policy'), content: page };
  return { headers: headersWith(...(isRedirect ? (['Location'] as const) : [])) };
}

const jsonContent = ({ schema, example }: { schema: string; example: object }) => ({
  'application/json': { schema: ref('schemas', schema), example },
});
