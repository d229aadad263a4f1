import { type ProblemCode, problems } from '../../functions/errors.ts';
import { problemBody } from '../../functions/http/responses.ts';
import { type GatewayResponse, gatewayProblem, gatewayResponses } from '../../lib/api/gateway-responses.ts';
import { exampleRequestId, headersWith, page, ref } from './components.ts';
import { type Operation, operations } from './operations.ts';

/** One error that can come with a status: its body is what the service sends, except for the request id. */
interface ErrorAnswer {
  name: string;
  mediaType: 'application/problem+json' | 'application/json';
  body: { code: string; detail: string };
  hasRetryAfter: boolean;
}

/** Whether to call again, by status or class of statuses. */
const advice: Record<string, string> = {
  '4XX': 'Do not call again: the same call gets the same answer.',
  '5XX': 'Call again with the same uid after a few seconds.',
  '429': 'Call again after `Retry-After` seconds.',
  '503': 'Call again after `Retry-After` seconds.',
};

/** The errors of a route by status: those of its function, and those of API Gateway. */
export function errorResponses({
  problems: codes,
  errorPages = false,
}: Pick<Operation, 'problems' | 'errorPages'>): Record<string, object> {
  const statuses = new Set([...codes.map(statusOf), ...gatewayStatuses]);
  return Object.fromEntries(
    [...statuses].map((status) => {
      const own = codes.filter((code) => statusOf(code) === status).map(ownAnswer);
      return [
        status,
        own.length > 0
          ? errorResponse(status, [...own, ...gatewayAnswers(status)], errorPages)
          : ref('responses', sharedName(status)),
      ];
    }),
  );
}

/** The responses of API Gateway with a status that some route's function never answers. */
export function sharedErrorResponses(): Record<string, object> {
  const isNeeded = (status: string) =>
    Object.values<Operation>(operations).some(
      (each) => !each.problems.some((code) => statusOf(code) === status),
    );
  return Object.fromEntries(
    gatewayStatuses
      .filter(isNeeded)
      .map((status) => [sharedName(status), errorResponse(status, gatewayAnswers(status))]),
  );
}

/** The body of every error, by its code or by API Gateway's name. */
export function errorExamples(): Record<string, object> {
  const answers = [
    ...(Object.keys(problems) as ProblemCode[]).map(ownAnswer),
    ...gatewayResponses.map(gatewayAnswer),
  ];
  return Object.fromEntries(answers.map(({ name, body }) => [name, { value: body }]));
}

function errorResponse(status: string, answers: ErrorAnswer[], errorPages = false): object {
  const content = Object.fromEntries(
    Object.entries(Object.groupBy(answers, ({ mediaType }) => mediaType)).map(([mediaType, each]) => [
      mediaType,
      {
        schema: ref('schemas', 'Problem'),
        examples: Object.fromEntries(each.map(({ name }) => [name, ref('examples', name)])),
      },
    ]),
  );
  const meanings = new Set(answers.map(({ body: { code, detail } }) => `- \`${code}\`: ${detail}`));
  return {
    description: [advice[status] ?? advice[`${status[0]}XX`], '', ...meanings].join('\n'),
    headers: headersWith(
      ...(answers.every(({ hasRetryAfter }) => hasRetryAfter) ? (['Retry-After'] as const) : []),
      ...(errorPages ? (['Content-Security-Policy'] as const) : []),
    ),
    content: { ...content, ...((errorPages || 'application/json' in content) && page) },
  };
}

const statusOf = (code: ProblemCode) => String(problems[code].statusCode);

const ownAnswer = (code: ProblemCode): ErrorAnswer => ({
  name: code,
  mediaType: 'application/problem+json',
  body: problemBody({ code, ...problems[code] }, exampleRequestId),
  hasRetryAfter: problems[code].retryAfterSeconds !== undefined,
});

const gatewayAnswer = (response: GatewayResponse): ErrorAnswer => ({
  name: response.type,
  mediaType: 'application/json',
  body: gatewayProblem(response, exampleRequestId),
  hasRetryAfter: response.retryAfterSeconds !== undefined,
});

/** `403`, or `4XX` for a type that may come with any status of its class. */
const gatewayStatusOf = ({ statusCode, type }: GatewayResponse) =>
  String(statusCode ?? (type === 'DEFAULT_4XX' ? '4XX' : '5XX'));

const gatewayStatuses = [...new Set(gatewayResponses.map(gatewayStatusOf))].sort();

/**
 * With a status of its class: an unknown access key, and an Authorization header without a signature, get a 403 without
 * a type; a function that failed gets one of several.
 */
const alsoWith: Record<string, readonly string[]> = {
  DEFAULT_4XX: ['403'],
  INTEGRATION_FAILURE: ['500', '502', '504'],
};
const gatewayAnswers = (status: string) =>
  gatewayResponses
    .filter((row) => gatewayStatusOf(row) === status || alsoWith[row.type]?.includes(status))
    .map(gatewayAnswer);

const sharedName = (status: string) => `Gateway${status}`;
