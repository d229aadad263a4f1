import { endings } from '../../functions/applicant-page/page-content.ts';
import type { ProblemCode } from '../../functions/errors.ts';
import type { routes } from '../../lib/api/routes.ts';
import {
  exampleLaunchLink,
  exampleLaunchToken,
  exampleSession,
  type schemas,
  exampleUid as uid,
} from './components.ts';

/** What the document says about one route. */
export interface Operation {
  operationId: string;
  summary: string;
  description: string;
  parameters?: object[];
  requestBody?: JsonObject;
  /** By status. */
  answers: Record<number, Success>;
  /** What the function can answer instead. API Gateway's own answers are the same for every route. */
  problems: readonly ProblemCode[];
  /** Whether a browser gets the function's errors as pages. */
  errorPages?: boolean;
}

interface JsonObject {
  schema: keyof typeof schemas;
  example: object;
}

/** An answer that is not an error: JSON, a page, or without a body. */
export interface Success {
  description: string;
  json?: JsonObject;
  isPage?: boolean;
  isRedirect?: boolean;
}

type RouteKey<Each = (typeof routes)[number]> = Each extends { method: string; resource: string }
  ? `${Each['method']} ${Each['resource']}`
  : never;

const bodyProblems = [
  'body_too_large',
  'unsupported_media_type',
  'malformed_json',
  'unknown_property',
  'invalid_uid',
] as const;

/** What can be answered in place of a session. */
const sessionProblems = [
  'rejected_by_vendor',
  'vendor_unreachable',
  'vendor_error',
  'vendor_response_invalid',
  'vendor_connection_lost',
  'vendor_timeout',
  'vendor_busy',
  'session_in_progress',
  'credentials_not_set',
  'credentials_refused',
] as const;

/** Each function reads a secret, and each can have a defect. */
const serviceProblems = ['secrets_unavailable', 'internal_error'] as const;

const linkProblems = ['launch_link_invalid', 'launch_link_expired'] as const;

const token = {
  name: 'token',
  in: 'path',
  required: true,
  description: 'The end of the launch link. It is a credential: keep it out of logs.',
  schema: { type: 'string' },
  example: exampleLaunchToken,
};

const acceptLanguage = {
  name: 'Accept-Language',
  in: 'header',
  description: 'Chooses the language of the page if the link has no language of the stage.',
  schema: { type: 'string' },
  example: 'pt-BR,pt;q=0.9',
};

const signature = {
  name: 'X-Signature',
  in: 'header',
  required: true,
  description: 'HMAC-SHA-512 of the raw body, keyed by the API key of the stage, in hex.',
  schema: { type: 'string', pattern: '^[0-9a-fA-F]{128}$' },
};

/** What the routes of a launch link have in common. */
const launchPage = {
  parameters: [token, acceptLanguage],
  problems: [...linkProblems, ...serviceProblems],
  errorPages: true,
};

/** What the routes of a return page have in common. */
const returnPage = {
  parameters: [
    {
      name: 'ending',
      in: 'path',
      required: true,
      schema: { type: 'string', enum: endings },
      example: endings[0],
    },
    { ...acceptLanguage, description: 'Chooses the language of the page.' },
  ],
  problems: ['launch_link_invalid', 'internal_error'] as const,
  errorPages: true,
};

const intoAssessment = {
  description:
    'Redirects to the assessment. There is no body, although API Gateway labels it `application/json`.',
  isRedirect: true,
};

/** What each route does. */
export const operations: Record<RouteKey, Operation> = {
  'POST /sessions': {
    operationId: 'createSession',
    summary: 'Hand an applicant over now',
    description:
      'Creates a session at Begini, or finds the existing one of this uid. Send `Accept: application/json`: the answer is `201` with JSON, whose `url` is for the browser of the applicant. Otherwise the answer is a redirect for a browser: a client that follows it on your server sends your key to the host of the assessment, and opens the session. Calling again with the same uid is safe: until the session expires, you get the same one.',
    requestBody: { schema: 'SessionRequest', example: { uid } },
    answers: {
      201: {
        description: 'The session as JSON, if `Accept` names `application/json` itself.',
        json: { schema: 'Session', example: exampleSession },
      },
      302: intoAssessment,
    },
    problems: [...bodyProblems, 'integration_mismatch', ...sessionProblems, ...serviceProblems],
  },

  'POST /launch-links': {
    operationId: 'createLaunchLink',
    summary: 'Make a link for later',
    description:
      'Makes a link for an SMS, a chat, a mail or a button. Begini is not called: the session starts when the applicant taps.',
    requestBody: { schema: 'LaunchLinkRequest', example: { uid, expires_in: 3600, language: 'es' } },
    answers: {
      201: {
        description: 'The link.',
        json: { schema: 'LaunchLink', example: exampleLaunchLink },
      },
    },
    problems: [...bodyProblems, 'invalid_expires_in', 'invalid_language', ...serviceProblems],
  },

  'GET /launch/{token}': {
    operationId: 'showLaunchPage',
    summary: 'Show the page of a launch link',
    description:
      'A page with one button. It does not call Begini, so a link preview creates nothing. What a program puts behind the token is ignored.',
    ...launchPage,
    answers: { 200: { description: 'The page.', isPage: true } },
  },

  'HEAD /launch/{token}': {
    operationId: 'checkLaunchPage',
    summary: 'Check whether a launch link has a page',
    description: 'The same as GET, without the body.',
    ...launchPage,
    answers: { 200: { description: 'There is a page.', isPage: true } },
  },

  'POST /launch/{token}': {
    operationId: 'startAssessment',
    summary: 'Press the button on that page',
    description:
      'Creates the session of the applicant, or finds the valid one, and redirects to the assessment. A body is ignored. A link works until it expires, more than once. A mail scanner that submits forms starts the session, too.',
    ...launchPage,
    answers: { 302: intoAssessment },
    problems: [...linkProblems, ...sessionProblems, ...serviceProblems],
  },

  'GET /return/{ending}': {
    operationId: 'showReturnPage',
    summary: 'Show the page after the assessment',
    description:
      'Begini sends the browser here when the assessment is complete, cancelled or expired. Anyone can open the page: it knows no applicant and no result. Any other ending is refused.',
    ...returnPage,
    answers: { 200: { description: 'The page.', isPage: true } },
  },

  'HEAD /return/{ending}': {
    operationId: 'checkReturnPage',
    summary: 'Check whether there is such a page',
    description: 'The same as GET, without the body.',
    ...returnPage,
    answers: { 200: { description: 'There is a page.', isPage: true } },
  },

  'POST /webhooks/begini': {
    operationId: 'receiveResult',
    summary: 'Deliver a result',
    description:
      'Only Begini calls this, in a stage with the setting `results`. The answer is `200` once the result is in a queue of Amazon SQS, byte for byte.',
    parameters: [signature],
    requestBody: {
      schema: 'Result',
      example: { uid, event: { type: 'application.complete', details: {} } },
    },
    answers: { 200: { description: 'The result is in a queue.', json: { schema: 'Empty', example: {} } } },
    problems: [
      'body_too_large',
      'signature_invalid',
      'credentials_not_set',
      'results_unavailable',
      ...serviceProblems,
    ],
  },
};
