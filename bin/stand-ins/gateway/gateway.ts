import { randomUUID } from 'node:crypto';
import {
  type IncomingMessage,
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { ApplicantPage } from '../../../functions/applicant-page/applicant-page.ts';
import { securityHeaders } from '../../../functions/http/security-headers.ts';
import { gatewayPage } from '../../../lib/api/gateway-page.ts';
import { gatewayProblem, gatewayResponses } from '../../../lib/api/gateway-responses.ts';
import { type Listener, readBody, startLoopbackServer } from '../loopback.ts';
import { checkSignature } from './check-signature.ts';
import { gatewayEvent, lambdaContext, pairsOf } from './gateway-event.ts';
import { type FoundRoute, findRoute, isBelowStage, pathOf, type Route } from './gateway-routes.ts';
import type { IamCredentials } from './iam-credentials.ts';

/** How to start a gateway. */
export interface GatewayOptions {
  /** 0, the default, means any free port. */
  port?: number;
  /** First segment of every path. */
  stageName: string;
  /** The one key that routes with the authorization `api-key` accept in `x-api-key`. */
  apiKey?: string;
  /** The only caller that routes with the authorization `iam` accept. */
  credentials?: IamCredentials;
  routes: readonly Route[];
  /** The lender's design for the gateway's own pages. */
  applicantPage: ApplicantPage;
  /** A function's timeout, 14,000 by default; a function that takes longer has failed. */
  timeoutMs?: number;
  /** What this host answers outside the gateway, by exact method and path without query: `GET /`. */
  besides?: Readonly<Record<string, Listener>>;
  /** Called after each answer. */
  onRequest?: (request: AnsweredRequest) => void;
}

/** A request as it may be logged: without its path, which can contain a token. */
export interface AnsweredRequest {
  method: string;
  /** The route's resource; `undefined` for a method or path that is not declared. */
  resourcePath: string | undefined;
  statusCode: number;
  durationMs: number;
  requestId: string;
  /** The type of the gateway's own answer, such as `INVALID_SIGNATURE`; its access log on AWS has it too. */
  errorResponseType?: string | undefined;
}

/** A running gateway. */
export interface Gateway {
  /** With the stage: `http://127.0.0.1:3000/test`. */
  url: string;
  close(): Promise<void>;
}

interface Answer {
  statusCode: number;
  headers: [name: string, value: string][];
  body: Buffer;
  errorResponseType?: string;
}

/** API Gateway's limit on a payload. */
const largestBodyBytes = 10 * 1024 * 1024;
const defaultTimeoutMs = 14_000;

/**
 * Stands in for a REST API of API Gateway with Lambda proxy integrations: undeclared routes are refused, and the
 * gateway's own answers come from the table that the stack uses.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { stageName, routes, timeoutMs = defaultTimeoutMs, besides = {}, onRequest } = options;

  async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const own = besides[`${request.method} ${pathOf(request)}`];
    if (own) return await own(request, response);
    const requestId = randomUUID();
    const receivedAt = Date.now();
    const found = findRoute(routes, stageName, request);
    const { statusCode, headers, body, errorResponseType } = await answerTo(
      request,
      found,
      requestId,
      receivedAt,
    );
    response.writeHead(statusCode, headers.flat()).end(body);
    onRequest?.({
      method: request.method ?? '',
      resourcePath: found?.route.resource,
      statusCode,
      durationMs: Date.now() - receivedAt,
      requestId,
      errorResponseType,
    });
  }

  async function answerTo(
    request: IncomingMessage,
    found: FoundRoute | undefined,
    requestId: string,
    receivedAt: number,
  ): Promise<Answer> {
    const ownAnswer = (type: string) =>
      gatewayAnswer(type, requestId, request.headers.accept, options.applicantPage);
    const body = await readBody(request, largestBodyBytes);
    if (!isBelowStage(stageName, request)) return noStageAnswer(requestId);
    if (!found) return ownAnswer('MISSING_AUTHENTICATION_TOKEN');
    const { route } = found;
    const apiKey = route.authorization === 'api-key' ? String(request.headers['x-api-key'] ?? '') : null;
    if (apiKey !== null && (apiKey === '' || apiKey !== options.apiKey)) return ownAnswer('INVALID_API_KEY');
    if (!body) return tooLargeAnswer(requestId);
    if (route.authorization === 'iam') {
      const { method = '', url = '', rawHeaders } = request;
      const signed = { method, url, headers: pairsOf(rawHeaders), body };
      const fault = await checkSignature(signed, options.credentials);
      if (fault) return ownAnswer(fault);
    }

    const event = gatewayEvent({ ...found, request, body, requestId, receivedAt, stageName, apiKey });
    return (await invoke(route.handler, event)) ?? ownAnswer('INTEGRATION_FAILURE');
  }

  /** `undefined` for a function that throws, runs out of time or returns something other than a proxy result. */
  async function invoke(handler: Route['handler'], event: APIGatewayProxyEvent): Promise<Answer | undefined> {
    const settled = new AbortController();
    try {
      const context = lambdaContext(randomUUID(), Date.now() + timeoutMs);
      const timeIsUp = sleep(timeoutMs, undefined, { ref: false, signal: settled.signal });
      const result = await Promise.race([handler(event, context), timeIsUp]);
      return isProxyResult(result) ? proxiedAnswer(result) : undefined;
    } catch {
      return undefined;
    } finally {
      settled.abort();
    }
  }

  const server = await startLoopbackServer({ port: options.port, listener });
  return { url: `${server.origin}/${stageName}`, close: server.close };
}

function isProxyResult(value: unknown): value is APIGatewayProxyResult {
  if (typeof value !== 'object' || value === null) return false;
  const { statusCode, body } = value as Partial<APIGatewayProxyResult>;
  const hasStatus = Number.isInteger(statusCode) && Number(statusCode) >= 200 && Number(statusCode) <= 599;
  return hasStatus && (body === undefined || body === null || typeof body === 'string');
}

/** @throws TypeError for a header that HTTP does not allow */
function proxiedAnswer(result: APIGatewayProxyResult): Answer {
  const { statusCode, multiValueHeaders = {}, isBase64Encoded } = result;
  const lists = Object.entries(multiValueHeaders).flatMap(([name, values]) => pairs(name, values));
  const isListed = (name: string, value: string) => lists.some(([n, v]) => n === name && v === value);
  const singles = Object.entries(result.headers ?? {}).flatMap(([name, value]) => pairs(name, [value]));
  const headers = [...singles.filter(([name, value]) => !isListed(name, value)), ...lists];
  for (const [name, value] of headers) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  if (!headers.some(([name]) => name.toLowerCase() === 'content-type')) {
    headers.push(['Content-Type', 'application/json']);
  }
  return answer(statusCode, headers, Buffer.from(result.body ?? '', isBase64Encoded ? 'base64' : 'utf8'));
}

const pairs = (name: string, values: readonly unknown[] = []): [string, string][] =>
  values.map((value) => [name, String(value)]);

/**
 * API Gateway's answer for a path without a stage. The customised answers come with a stage, so this one is AWS's bare
 * default ("How do I troubleshoot HTTP 403 errors from API Gateway?", AWS knowledge centre, read November 2026).
 */
function noStageAnswer(requestId: string): Answer {
  const headers = {
    'Content-Type': 'application/json',
    'x-amzn-RequestId': requestId,
    'x-amzn-ErrorType': 'ForbiddenException',
  };
  return answer(403, Object.entries(headers), Buffer.from('{"message":"Forbidden"}'));
}

/** To a body above 10 MB: no gateway response changes it (read in public reports, November 2026). */
function tooLargeAnswer(requestId: string): Answer {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'x-amzn-RequestId': requestId };
  const body = Buffer.from(`HTTP content length exceeded ${largestBodyBytes} bytes.`);
  return { ...answer(413, Object.entries(headers), body), errorResponseType: 'REQUEST_TOO_LARGE' };
}

/**
 * What AWS answers if no status is forced: DEFAULT_4XX keeps that of each type, here that of a bad signature, and a
 * function that fails is a bad gateway.
 */
const unforcedStatuses: Record<string, number> = { DEFAULT_4XX: 403, INTEGRATION_FAILURE: 502 };

/** One of API Gateway's own answers, by its type and labelled by its template: as a page if `Accept` names HTML. */
function gatewayAnswer(
  type: string,
  requestId: string,
  accept: string | undefined,
  applicantPage: ApplicantPage,
): Answer {
  const response = gatewayResponses.find((row) => row.type === type);
  if (!response) throw new Error(`No gateway response of type ${type}`);
  const { statusCode = unforcedStatuses[type] ?? 500 } = response;
  // Only by its first media type, as mapping templates are chosen ("API Gateway mapping templates", developer
  // guide, read November 2026). AWS does not document what it does with */*; here it is JSON.
  const isPage = accept?.split(/[,;]/, 1)[0]?.trim().toLowerCase() === 'text/html';
  const headers = pairs('Content-Type', [isPage ? 'text/html' : 'application/json']).concat(
    Object.entries(securityHeaders),
    pairs('x-request-id', [requestId]),
  );
  const template = isPage
    ? gatewayPage(response, applicantPage)
    : JSON.stringify(gatewayProblem(response, '$context.requestId'));
  const body = Buffer.from(resolveTemplate(template, { requestId }));
  return { ...answer(statusCode, headers, body), errorResponseType: type };
}

/**
 * Replaces variables with values, as API Gateway does in the templates of its own answers, which are not in the
 * Velocity Template Language. An unknown variable becomes empty.
 */
function resolveTemplate(template: string, context: Record<string, string>): string {
  return template.replace(/\$[\w.]+/g, (variable) => context[variable.replace('$context.', '')] ?? '');
}

function answer(statusCode: number, headers: [string, string][], body: Buffer): Answer {
  return { statusCode, headers: [...headers, ['Content-Length', String(body.length)]], body };
}
