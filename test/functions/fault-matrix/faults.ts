import type { Fault } from '../../../bin/stand-ins/begini/begini-faults.ts';
import { simulatedCredentials } from '../../../bin/stand-ins/begini/begini-simulator.ts';
import { makeAccessToken } from '../../../bin/stand-ins/begini/begini-token.ts';
import type { TableFault } from '../../../bin/stand-ins/dynamodb/dynamodb.ts';
import type { SecretsFailure } from '../../../bin/stand-ins/secrets-manager/secrets-manager.ts';
import type { SqsFault } from '../../../bin/stand-ins/sqs/sqs.ts';
import {
  connectTimeoutMs,
  secretReadTimeoutMs,
  secretTryTimeoutMs,
  sendTries,
  sendTryTimeoutMs,
  storeTries,
  storeTryTimeoutMs,
  vendorTimeoutMs,
} from '../../../functions/deadlines.ts';
import { type Service, secretName } from '../../support/service.ts';

/**
 * The states of a function: it starts under the fault; it has answered before; it has answered before, and was frozen
 * for ten minutes, in which its connections died.
 */
export const states = ['cold', 'warm', 'thawed'] as const;
export type State = (typeof states)[number];

/**
 * A fault, and for each state what a request comes to: `<status> <code> <calls to Begini>/<Secrets Manager>/<DynamoDB>`,
 * and `/<SQS>` for a result.
 */
export type MatrixRow = Record<State, string> & {
  side: 'Begini' | 'Secrets Manager' | 'DynamoDB' | 'SQS';
  /** In words. */
  fault: string;
  /** Default: `POST /sessions`. */
  call?: 'POST /launch-links' | 'POST /launch/{token}' | typeof resultRoute;
  /** Whether Begini has a session of this uid already that is not remembered. */
  isKnown?: boolean;
  play(service: Service): unknown;
  /** Ends the fault. */
  end(service: Service): unknown;
  /** How long the request waits at most, by `functions/deadlines.ts`. */
  waitMs: number;
  /** How long the function remembers the fault, and refuses requests. */
  rememberedMs?: number;
};

const storeCallMs = storeTries * storeTryTimeoutMs;
const sendMs = sendTries * sendTryTimeoutMs;
/** Begini's own call, which needs Secrets Manager and SQS alone. */
export const resultRoute = 'POST /webhooks/begini';
const unset = { apiKey: 'UNSET', integrationId: 'UNSET' };

/** What a request comes to in each state, in their order. */
type Outcomes = [cold: string, warm: string, thawed: string];

const row = (
  side: MatrixRow['side'],
  fault: string,
  [cold, warm, thawed]: Outcomes,
  rest: Pick<MatrixRow, 'play' | 'end'> & Partial<MatrixRow>,
): MatrixRow => ({ side, fault, cold, warm, thawed, waitMs: 0, ...rest });

const begini = (fault: string, played: Fault, outcomes: Outcomes, rest: Partial<MatrixRow> = {}) =>
  row('Begini', fault, outcomes, {
    play: ({ vendor }) => vendor.setFault(played),
    end: ({ vendor }) => vendor.setFault({ fault: 'none' }),
    ...rest,
  });

const secrets = (fault: string, played: SecretsFailure, outcomes: Outcomes, rest: Partial<MatrixRow> = {}) =>
  row('Secrets Manager', fault, outcomes, {
    play: ({ secretsManager }) => secretsManager.fail(played),
    end: ({ secretsManager }) => secretsManager.fail('none'),
    ...rest,
  });

const table = (fault: string, played: TableFault, outcomes: Outcomes, rest: Partial<MatrixRow> = {}) =>
  row('DynamoDB', fault, outcomes, {
    play: ({ dynamoDb }) => dynamoDb.fail(played),
    end: ({ dynamoDb }) => dynamoDb.fail('none'),
    ...rest,
  });

const sqs = (fault: string, played: SqsFault, outcomes: Outcomes, rest: Partial<MatrixRow> = {}) =>
  row('SQS', fault, outcomes, {
    call: resultRoute,
    play: (service) => service.sqs.fail(played),
    end: (service) => service.sqs.fail('none'),
    waitMs: sendMs,
    ...rest,
  });

const putPair = ({ secretsManager }: Service, pair: object) =>
  secretsManager.putValue(secretName, JSON.stringify(pair));

let renewals = 0;

/** Gives Begini and the secret the same new pair. */
function renewPair(service: Service): void {
  renewals += 1;
  const renewed = { ...simulatedCredentials, apiKey: `renewed-key-${renewals}` };
  service.vendor.changeCredentials(renewed);
  putPair(service, renewed);
}

const hangs: SecretsFailure = 'hang';
const fails: SecretsFailure = { statusCode: 500, errorName: 'InternalServiceError' };
const throttles: SecretsFailure = { statusCode: 400, errorName: 'ThrottlingException' };
const denies: SecretsFailure = { statusCode: 400, errorName: 'AccessDeniedException' };

/** The same outcome in each state. A thawed function reads its secret again, or the two versions of it. */
const alike = (outcome: string, reads = 1): Outcomes => [
  outcome,
  outcome,
  outcome.replace(/(?<=\/)\d/, (earlier) => String(Number(earlier) + reads)),
];

/** What two tries to read the secret come to that fail: a warm function need not read it. */
const readTwice: Outcomes = ['503 secrets_unavailable 0/2/0', '302 1/0/2', '302 1/2/2'];

/** What two tries that fail come to, and two of which the second does not. */
const lostResult = alike('503 results_unavailable 0/0/0/2', 2);
const sentTwice = alike('200 0/0/0/2', 2);

/** The fault matrix: what each fault of what the service calls comes to, in each state of a function. */
export const faultMatrix: readonly MatrixRow[] = [
  begini('never answers (`hang`)', { fault: 'hang' }, alike('504 vendor_timeout 1/0/2'), {
    waitMs: vendorTimeoutMs,
  }),
  begini('answers after 300 ms (`slow`)', { fault: 'slow', delayMs: 300 }, alike('302 1/0/2'), {
    waitMs: 300,
  }),
  begini('cannot be reached', { fault: 'none' }, alike('502 vendor_unreachable 0/0/2'), {
    play({ vendor }) {
      vendor.refuseConnections(true);
      vendor.closeIdleConnections('fin');
    },
    end: ({ vendor }) => vendor.refuseConnections(false),
    waitMs: 2 * connectTimeoutMs,
  }),
  begini('resets every connection (`reset`)', { fault: 'reset' }, [
    '502 vendor_connection_lost 2/0/2',
    '502 vendor_connection_lost 2/0/2',
    '502 vendor_connection_lost 1/1/2',
  ]),
  begini('resets one connection (`reset`, once)', { fault: 'reset', times: 1 }, [
    '302 2/0/2',
    '302 2/0/2',
    '502 vendor_connection_lost 1/1/2',
  ]),
  begini(
    'breaks off its answer (`close-mid-body`)',
    { fault: 'close-mid-body' },
    alike('502 vendor_connection_lost 1/0/2'),
  ),
  begini(
    'answers with what is not HTTP (`not-http`)',
    { fault: 'not-http' },
    alike('502 vendor_response_invalid 1/0/2'),
  ),
  begini(
    'answers with what is not JSON (`invalid-json`)',
    { fault: 'invalid-json' },
    alike('502 vendor_response_invalid 1/0/2'),
  ),
  begini(
    'answers with more than 16 KiB (`oversized`)',
    { fault: 'oversized' },
    alike('502 vendor_response_invalid 1/0/2'),
  ),
  begini(
    'compresses its answer (`encoded` gzip)',
    { fault: 'encoded', encoding: 'gzip' },
    alike('302 1/0/2'),
  ),
  begini(
    'answers in an encoding that the service cannot read (`encoded` zstd)',
    { fault: 'encoded', encoding: 'zstd' },
    alike('502 vendor_response_invalid 1/0/2'),
  ),
  begini(
    'refuses the key (`status` 401)',
    { fault: 'status', status: 401 },
    alike('503 credentials_refused 1/1/2'),
    { rememberedMs: 15_000 },
  ),
  begini(
    'refuses the integration (`status` 403)',
    { fault: 'status', status: 403 },
    alike('503 credentials_refused 1/1/2'),
    { rememberedMs: 15_000 },
  ),
  begini(
    'refuses the uid (`status` 422)',
    { fault: 'status', status: 422 },
    alike('422 rejected_by_vendor 1/0/2'),
  ),
  begini(
    'is busy (`status` 429)',
    { fault: 'status', status: 429, retryAfter: 7 },
    alike('503 vendor_busy 1/0/2'),
  ),
  begini('fails (`status` 500)', { fault: 'status', status: 500 }, alike('502 vendor_error 1/0/2')),
  begini(
    'redirects (`redirect`)',
    { fault: 'redirect', location: 'https://evil.example/a.b.c' },
    alike('502 vendor_error 1/0/2'),
  ),
  begini(
    'gives an unsafe token (`raw-answer`)',
    { fault: 'raw-answer', body: { access_token: '../a.b.c' } },
    alike('502 vendor_response_invalid 1/0/2'),
  ),
  begini(
    'gives another applicant’s token (`raw-answer`)',
    { fault: 'raw-answer', body: { access_token: makeAccessToken({ uid: 'ANOTHER-APPLICANT' }) } },
    alike('502 vendor_response_invalid 1/0/2'),
  ),
  begini(
    'refuses a uid that it knows (`refuse-second`)',
    { fault: 'refuse-second' },
    alike('422 rejected_by_vendor 1/0/2'),
    { isKnown: true },
  ),
  begini(
    'gives a uid that it knows its first token (`same-token`)',
    { fault: 'same-token' },
    alike('302 1/0/2'),
    { isKnown: true },
  ),

  secrets('never answers', hangs, readTwice, { waitMs: secretReadTimeoutMs }),
  secrets('answers 500', fails, readTwice, { waitMs: secretReadTimeoutMs }),
  secrets('throttles', throttles, readTwice, { waitMs: secretReadTimeoutMs }),
  secrets('denies access', denies, ['503 secrets_unavailable 0/1/0', '302 1/0/2', '302 1/1/2']),
  secrets(
    'holds no pair',
    'none',
    ['503 credentials_not_set 0/1/0', '302 1/0/2', '503 credentials_not_set 0/1/0'],
    {
      play: (service) => putPair(service, unset),
      end: (service) => putPair(service, simulatedCredentials),
      rememberedMs: 1_000,
    },
  ),
  secrets(
    'has a renewed pair, and Begini refuses the old one',
    'none',
    ['302 1/0/2', '302 2/1/2', '302 1/1/2'],
    { play: renewPair, end: () => undefined },
  ),
  secrets('never answers', hangs, ['503 secrets_unavailable 0/4/0', '201 0/0/0', '201 0/4/0'], {
    call: 'POST /launch-links',
    waitMs: secretReadTimeoutMs,
  }),
  secrets('answers 500', fails, ['503 secrets_unavailable 0/4/0', '201 0/0/0', '201 0/4/0'], {
    call: 'POST /launch-links',
    waitMs: secretReadTimeoutMs,
  }),
  secrets('never answers', hangs, ['503 secrets_unavailable 0/4/0', '302 1/0/2', '302 1/6/2'], {
    call: 'POST /launch/{token}',
    waitMs: secretReadTimeoutMs,
  }),
  secrets('answers 500', fails, ['503 secrets_unavailable 0/4/0', '302 1/0/2', '302 1/6/2'], {
    call: 'POST /launch/{token}',
    waitMs: secretReadTimeoutMs,
  }),

  ...(
    [
      ['never answers', hangs],
      ['answers 500', fails],
      ['throttles', throttles],
      ['denies access', denies],
    ] as const
  ).map(([fault, played]) =>
    secrets(
      fault,
      played,
      ['503 secrets_unavailable 0/2/0/0', '200 0/0/0/1', '503 secrets_unavailable 0/2/0/0'],
      { call: resultRoute, waitMs: secretTryTimeoutMs },
    ),
  ),
  secrets(
    'holds no pair',
    'none',
    ['503 credentials_not_set 0/4/0/0', '200 0/0/0/1', '503 credentials_not_set 0/4/0/0'],
    {
      call: resultRoute,
      play(service) {
        putPair(service, unset);
        putPair(service, unset); // Nor is there a previous one.
      },
      end: (service) => putPair(service, simulatedCredentials),
      rememberedMs: 1_000,
    },
  ),
  secrets(
    'has a renewed pair, and Begini signs with its key',
    'none',
    ['200 0/0/0/1', '200 0/2/0/1', '200 0/2/0/1'],
    { call: resultRoute, play: renewPair, end: () => undefined },
  ),
  secrets(
    'never answers since the pair was renewed',
    hangs,
    ['503 secrets_unavailable 0/2/0/0', '503 secrets_unavailable 0/2/0/0', '503 secrets_unavailable 0/2/0/0'],
    {
      call: resultRoute,
      play(service) {
        renewPair(service);
        service.secretsManager.fail(hangs);
      },
      waitMs: secretTryTimeoutMs,
      rememberedMs: 1_000,
    },
  ),

  table('never answers (`hang`)', 'hang', alike('302 1/0/4'), { waitMs: 2 * storeCallMs }),
  table('answers after 700 ms (`slow`)', 'slow', alike('302 1/0/4'), { waitMs: 2 * storeCallMs }),
  table('resets every connection (`reset`)', 'reset', alike('302 1/0/4')),
  table('performs each call, but its answer is lost (`lost-answer`)', 'lost-answer', alike('302 1/0/4')),
  table('performs each call and says nothing (`hang-after`)', 'hang-after', alike('302 1/0/4'), {
    waitMs: 2 * storeCallMs,
  }),
  table('throttles (`throttle`)', 'throttle', alike('302 1/0/1')),
  table('denies access (`deny`)', 'deny', alike('302 1/0/1')),
  table('answers 500 (`internal-error`)', 'internal-error', alike('302 1/0/4')),
  table('has no table', 'none', alike('302 1/0/1'), {
    play: ({ dynamoDb }) => dynamoDb.deleteTable(),
    end: ({ dynamoDb }) => dynamoDb.createTable('pk'),
  }),

  sqs('never answers (`hang`)', 'hang', lostResult),
  sqs('accepts messages after 1.5 s (`slow`)', 'slow', lostResult),
  sqs('accepts them and says nothing (`hang-after`)', 'hang-after', lostResult),
  sqs('accepts them and loses its answer (`lost-answer`)', 'lost-answer', lostResult),
  sqs('resets every connection (`reset`)', 'reset', lostResult),
  sqs('throttles (`throttle`)', 'throttle', lostResult),
  sqs('denies access (`deny`)', 'deny', lostResult),
  sqs('has no queue (`no-queue`)', 'no-queue', lostResult),
  sqs('answers 500 (`internal-error`)', 'internal-error', lostResult),
  sqs('cannot be reached', 'none', alike('503 results_unavailable 0/0/0/0', 2), {
    play(service) {
      service.sqs.refuseConnections(true);
      service.sqs.closeIdleConnections('fin');
    },
    end: (service) => service.sqs.refuseConnections(false),
  }),
  sqs('resets one connection (`reset`, once)', 'none', sentTwice, {
    play: (service) => service.sqs.fail('reset', { times: 1 }),
    waitMs: sendTryTimeoutMs,
  }),
  sqs('loses one answer (`lost-answer`, once)', 'none', sentTwice, {
    play: (service) => service.sqs.fail('lost-answer', { times: 1 }),
    waitMs: sendTryTimeoutMs,
  }),
  sqs('lets one connection hang (`hang`, once)', 'none', sentTwice, {
    play: (service) => service.sqs.fail('hang', { times: 1 }),
    waitMs: sendTryTimeoutMs,
  }),
];
