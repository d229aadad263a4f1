import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { keepLatest, type LoopbackServer, readBody, startLoopbackServer } from '../loopback.ts';
import { SecretRotations } from './secret-rotation.ts';
import { putVersion, type RotationFunction, SecretStore, SecretsManagerError } from './secret-store.ts';
import { perform } from './secrets-operations.ts';

/** How to start the stand-in; everything has a default. */
export interface SecretsManagerOptions {
  /** 0, the default, means any free port. */
  port?: number;
  /** Key and certificate as PEM: the stand-in then speaks HTTPS, as Secrets Manager does. */
  tls?: { key: string; cert: string };
  /** Secrets that exist from the start, value by name. */
  secrets?: Record<string, string>;
  /** Leaves AWSPENDING on its version when AWSCURRENT moves there, contrary to AWS's guide. */
  pendingStays?: boolean;
  /** How many requests are kept, the latest ones; by default all. */
  mostKept?: number | undefined;
}

/**
 * What the next calls get: no answer, or an error (for `times` calls, else until changed), after `after` calls have
 * been answered.
 */
export type SecretsFailure =
  | 'none'
  | 'hang'
  | { statusCode: number; errorName: string; times?: number; after?: number };

/** A call: which operation, and who made it. */
export interface SecretsRequest {
  /** As in `GetSecretValue`. */
  operation: string;
  /** Epoch milliseconds. */
  at: number;
  /** Day, region and service that it was signed for, `20261122/eu-west-1/secretsmanager/aws4_request`. */
  credentialScope: string | undefined;
  /** The session token of temporary credentials. */
  sessionToken: string | undefined;
}

/** A running stand-in for Secrets Manager. */
export interface SecretsManager
  extends Pick<LoopbackServer, 'connections' | 'answerFor' | 'closeIdleConnections' | 'close'> {
  /** For the client's `endpoint` option, or `AWS_ENDPOINT_URL`. */
  url: string;
  readonly requests: readonly SecretsRequest[];
  fail(failure: SecretsFailure): void;
  /** Stores a new current value of a secret that exists, and returns its version id: a random one by default. */
  putValue(name: string, value: string, versionId?: string): string;
  /** Sets up the rotation of a secret that exists: RotateSecret then calls `rotate` for each step. */
  setRotation(name: string, rotate: RotationFunction): void;
  /** Settles when the last rotation has ended, successfully or not. */
  rotationEnded(): Promise<void>;
  /** Tries the last rotation again, as AWS does with one that failed, and settles when the retry has ended. */
  repeatRotation(): Promise<void>;
  /** The ARN of a secret that exists. */
  arnOf(name: string): string;
}

const contentType = 'application/x-amz-json-1.1';
const targetPrefix = 'secretsmanager.';
const largestBodyBytes = 1_000_000;

/**
 * Stands in for AWS Secrets Manager on this machine: speaks its wire protocol (AWS JSON 1.1) to the SDK and the AWS
 * CLI, with any credentials. Keeps secrets in memory and never prints one.
 */
export async function startSecretsManager(options: SecretsManagerOptions = {}): Promise<SecretsManager> {
  const { secrets = {}, pendingStays = false } = options;
  const store = new SecretStore('us-east-1', { pendingStays });
  for (const [name, value] of Object.entries(secrets)) putVersion(store.create(name), value);
  const requests: SecretsRequest[] = [];
  const rotations = new SecretRotations();
  let failure: SecretsFailure = 'none';
  const server = await startLoopbackServer({ port: options.port, tls: options.tls, listener });

  async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, largestBodyBytes);
    const operation = operationOf(request);
    keepLatest(requests, { operation, at: Date.now(), ...signerOf(request) }, options.mostKept);
    if (failure === 'hang') return;
    try {
      failOnPurpose();
      send(response, 200, perform({ store, rotations }, operation, body?.toString() ?? ''));
    } catch (error) {
      if (!(error instanceof SecretsManagerError)) throw error;
      response.setHeader('x-amzn-errortype', error.name);
      send(response, error.statusCode, { __type: error.name, Message: error.message });
    }
  }

  function failOnPurpose(): void {
    if (typeof failure === 'string') return;
    const { statusCode, errorName, times, after = 0 } = failure;
    if (after > 0) {
      failure = { ...failure, after: after - 1 };
      return;
    }
    if (times !== undefined) failure = times > 1 ? { ...failure, times: times - 1 } : 'none';
    throw new SecretsManagerError(errorName, 'A simulated failure.', statusCode);
  }

  return {
    url: server.origin,
    get connections() {
      return server.connections;
    },
    requests,
    fail: (next) => {
      failure = next;
    },
    putValue: (name, value, token) => putVersion(store.find(name), value, { token }),
    setRotation: (name, rotate) => {
      store.find(name).rotate = rotate;
    },
    rotationEnded: () => rotations.ended,
    repeatRotation: () => rotations.repeat(),
    arnOf: (name) => store.find(name).arn,
    answerFor: server.answerFor,
    closeIdleConnections: server.closeIdleConnections,
    close: server.close,
  };
}

function operationOf(request: IncomingMessage): string {
  const target = String(request.headers['x-amz-target']);
  return target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : '';
}

/** The signature itself is not verified. */
function signerOf({ headers }: IncomingMessage): Pick<SecretsRequest, 'credentialScope' | 'sessionToken'> {
  return {
    credentialScope: /Credential=[^/,]+\/([^,]+),/.exec(headers.authorization ?? '')?.[1],
    sessionToken: headers['x-amz-security-token']?.toString(),
  };
}

function send(response: ServerResponse, statusCode: number, answer: Record<string, unknown>): void {
  response.writeHead(statusCode, { 'Content-Type': contentType, 'x-amzn-RequestId': randomUUID() });
  response.end(JSON.stringify(answer));
}
