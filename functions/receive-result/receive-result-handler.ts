import type { APIGatewayProxyEvent } from 'aws-lambda';
import { resultTimeoutMs } from '../deadlines.ts';
import { CallerError } from '../errors.ts';
import { type ApiHandler, apiHandler } from '../http/api-handler.ts';
import { json } from '../http/responses.ts';
import type { LogOptions } from '../log-line.ts';
import type { RequestScope } from '../request-scope.ts';
import { uidReference } from '../uid.ts';
import { isOwnTest, type ReadResult, readResult } from './read-result.ts';
import type { ResultKeys, VerifiedKey } from './result-keys.ts';
import { type Encoding, encodeBody, resultId } from './result-message.ts';
import type { ResultQueues } from './result-queues.ts';
import type { ReceiveResultSettings } from './settings.ts';
import { readSignatures } from './signatures.ts';

/** The longest body of a result, decoded. */
export const largestResultBytes = 128 * 1024;

/** What the handler works with. */
export type ReceiveResultOptions = Omit<LogOptions, 'stage'> & {
  settings: Pick<ReceiveResultSettings, 'stage' | 'uidRefKey'>;
  keys: ResultKeys;
  queues: ResultQueues;
  /** Epoch milliseconds. */
  now?: () => number;
};

/**
 * `POST /webhooks/begini`, signed by Begini: `200` `{}` once the event is in a queue, byte for byte. An unsigned event is
 * never delivered; a signed one is never refused for good.
 */
export function createReceiveResultHandler(options: ReceiveResultOptions): ApiHandler {
  const { settings, keys, queues, writeLine, now = Date.now } = options;
  const { stage, uidRefKey } = settings;

  async function verify(event: APIGatewayProxyEvent, bytes: Buffer, scope: RequestScope) {
    const signatures = readSignatures(event);
    scope.trace.signature = signatures[0]?.form;
    return await keys.verify(bytes, signatures, scope);
  }

  const wrapping = { stage, writeLine, timeoutMs: resultTimeoutMs };
  return apiHandler(wrapping, [], async (event, { scope, requestId }) => {
    const { trace } = scope;
    const bytes = readBytes(event);
    const verified = await verify(event, bytes, scope).catch((error) => {
      if (error instanceof CallerError) trace.claimsIntegration = claims(bytes, keys.integrationId);
      throw error;
    });

    const result = readResult(bytes);
    const { pair, versionId, which, form } = keyFor(result, verified);
    const id = resultId(bytes);
    Object.assign(trace, {
      signature: form,
      verifiedBy: which,
      secretVersionId: versionId,
      eventType: result.eventType,
      resultId: id.slice(0, 8),
      ...(result.uid !== undefined && { uidRef: uidReference(result.uid, uidRefKey) }),
    });
    if (isOwnTest(result)) {
      trace.outcome = 'result_ignored';
      return json({}, requestId);
    }

    const { body, encoding } = encodeBody(bytes);
    const reason = reasonToSetAside(result, pair.integrationId, encoding);
    const attributes = {
      id,
      receivedAt: new Date(now()).toISOString(),
      stage,
      integrationId: pair.integrationId,
      eventType: result.eventType,
      keyVersion: versionId,
      ...(encoding && { encoding }),
      ...(reason && { reason }),
    };
    await queues.send(reason ? 'setAsideQueueUrl' : 'resultsQueueUrl', { body, attributes }, scope);
    trace.outcome = reason ? 'result_set_aside' : 'result_stored';
    if (reason) trace.code = reason;
    return json({}, requestId);
  });
}

function readBytes({ body, isBase64Encoded }: APIGatewayProxyEvent): Buffer {
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > largestResultBytes) throw new CallerError('body_too_large');
  return bytes;
}

/** Whether an event that no key verified is meant for this stage, as far as it says so. */
function claims(bytes: Buffer, integrationId: string | undefined): boolean {
  return integrationId !== undefined && readResult(bytes).integrationId === integrationId;
}

/** Of the keys that verified a result, the one of its own integration: two pairs can have the same key. */
function keyFor(
  { integrationId }: ReadResult,
  verified: readonly [VerifiedKey, ...VerifiedKey[]],
): VerifiedKey {
  return verified.find(({ pair }) => pair.integrationId === integrationId) ?? verified[0];
}

function reasonToSetAside(
  { isReadable, integrationId }: ReadResult,
  ownIntegrationId: string,
  encoding: Encoding | undefined,
): 'result_unreadable' | 'result_foreign' | undefined {
  if (!isReadable || encoding) return 'result_unreadable';
  return integrationId === undefined || integrationId === ownIntegrationId ? undefined : 'result_foreign';
}
