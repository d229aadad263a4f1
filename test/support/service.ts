import { randomBytes, randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type FunctionOptions, startRoutedFunctions } from '../../bin/local/start-function.ts';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../../bin/stand-ins/begini/begini-simulator.ts';
import { type Certificate, makeCertificate } from '../../bin/stand-ins/certificate.ts';
import { clientConfig } from '../../bin/stand-ins/client-config.ts';
import { type LocalDynamoDb, startDynamoDb } from '../../bin/stand-ins/dynamodb/dynamodb.ts';
import { startGateway } from '../../bin/stand-ins/gateway/gateway.ts';
import { lambdaContext } from '../../bin/stand-ins/gateway/gateway-event.ts';
import { declareRoutes } from '../../bin/stand-ins/gateway/gateway-routes.ts';
import {
  type SecretsManager,
  startSecretsManager,
} from '../../bin/stand-ins/secrets-manager/secrets-manager.ts';
import { type Sqs, startSqs } from '../../bin/stand-ins/sqs/sqs.ts';
import type { ApiHandler } from '../../functions/http/api-handler.ts';
import type { RoutedFunction } from '../../lib/api/routes.ts';
import { applicantPageOf } from '../../lib/stages/applicant-page.ts';
import { checkedFetch } from './checked-fetch.ts';
import { type ForgetfulProxy, startForgetfulProxy } from './forgetful-proxy.ts';

/** The vendor's real origin of the assessment: answers must lead there, and nothing else in a test does. */
export const assessmentOrigin = 'https://app.psychometric.me';

export const secretName = 'credentials';
export const launchKeyName = 'launch-key';
export const uidRefKey = 'key-of-the-pseudonyms';

/** The service in this process, between a gateway, a vendor with TLS and a Secrets Manager. */
export type Service = {
  url: string;
  vendor: BeginiSimulator;
  secretsManager: SecretsManager;
  /** A proxy in front of Secrets Manager. */
  secretsProxy: ForgetfulProxy;
  dynamoDb: LocalDynamoDb;
  sqs: Sqs;
  /** Every log line so far, as text. */
  lines: string[];
  /** Does the same as each function at its start. */
  warmUp(): Promise<void>;
  /** Advances the service's clock, for everything that it keeps in memory. */
  advance(ms: number): void;
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** `POST /launch-links`. */
  postLink(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Makes a launch link, and returns its URL. */
  makeLink(uid: string, expiresIn?: number, language?: string): Promise<string>;
  /** Invokes a function without the gateway, with any event. */
  invoke(name: RoutedFunction, event: unknown): Promise<APIGatewayProxyResult>;
  /** Changes the value of the launch key, as its rotation does. */
  renewLaunchKey(): void;
  close(): Promise<void>;
};

const newLaunchKey = () => randomBytes(32).toString('hex');

let certificate: Promise<Certificate> | undefined;

/** Starts the service. `secret` is what the secret holds: by default the pair that the vendor knows. */
export async function startService({
  secret = JSON.stringify(simulatedCredentials),
  hmac = true,
  timeoutMs = 14_000,
  /** Where answers lead. */
  assessment = assessmentOrigin,
  /** The setting `applicantPage` of the stage's row. */
  page = {} as object,
  returnUrl = undefined as string | undefined,
  /** Whether sessions are remembered, and for how long if a token has no expiry. */
  resume = true,
  sessionHours = 24,
  /** How many functions of each kind take turns. */
  environments = 1,
  /** How often Secrets Manager is called, including the first try. */
  secretTries = 1,
} = {}): Promise<Service> {
  certificate ??= makeCertificate();
  const tls = await certificate;
  const vendor = await startBeginiSimulator({ tls, hmac: hmac ? 'required' : 'optional' });
  const secretsManager = await startSecretsManager({
    secrets: { [secretName]: secret, [launchKeyName]: newLaunchKey() },
  });
  const dynamoDb = await startDynamoDb();
  const sqs = await startSqs();
  let clockOffsetMs = 0;
  const secretsProxy = await startForgetfulProxy(Number(new URL(secretsManager.url).port));
  secretsManager.answerFor(`127.0.0.1:${secretsProxy.port}`);
  const lines: string[] = [];
  const applicantPage = applicantPageOf(page, returnUrl);
  const options: FunctionOptions = {
    settings: {
      stage: 'test',
      credentialsSecretArn: secretsManager.arnOf(secretName),
      launchKeySecretArn: secretsManager.arnOf(launchKeyName),
      hmac,
      uidRefKey,
      origins: { api: vendor.origin, assessment },
      launchBaseUrl: undefined,
      resultsQueueUrl: sqs.queueUrl('results'),
      setAsideQueueUrl: sqs.queueUrl('setAside'),
      previousKeyDays: 7,
      resume: resume ? { tableName: dynamoDb.tableName, sessionHours } : undefined,
    },
    secretsManager: {
      ...clientConfig(`http://127.0.0.1:${secretsProxy.port}`),
      maxAttempts: secretTries,
    },
    dynamoDb: clientConfig(dynamoDb.origin),
    sqs: clientConfig(sqs.origin),
    applicantPage,
    writeLine: (line) => lines.push(line),
    vendorCertificate: tls.cert,
    protocol: 'http:',
    now: () => Date.now() + clockOffsetMs,
  };

  const running = Array.from({ length: environments }, () => startRoutedFunctions(options));
  let requests = 0;
  /** Each request goes to the next environment. */
  const handlerOf =
    (name: RoutedFunction): ApiHandler =>
    async (event, context) => {
      const environment = running[requests % environments];
      requests += 1;
      return (await environment?.[name].handler(event, context)) as APIGatewayProxyResult;
    };
  const all = running.flatMap((environment) => Object.values(environment));
  const gateway = await startGateway({
    stageName: 'test',
    timeoutMs,
    applicantPage,
    routes: declareRoutes(handlerOf, 'none'),
  });
  const url = `${gateway.url}/sessions`;
  const postTo = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    checkedFetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  return {
    url,
    vendor,
    secretsManager,
    secretsProxy,
    dynamoDb,
    sqs,
    lines,
    async warmUp() {
      await Promise.all(all.map((each) => each.warmUp()));
    },
    advance: (ms) => {
      clockOffsetMs += ms;
    },
    post: (body, headers) => postTo('/sessions', body, headers),
    postLink: (body, headers) => postTo('/launch-links', body, headers),
    async makeLink(uid, expiresIn, language) {
      const response = await postTo('/launch-links', { uid, expires_in: expiresIn, language });
      const { url, code } = (await response.json()) as { url: string; code?: string };
      if (response.status !== 201)
        throw new Error(`No launch link, but ${response.status} ${code}: ${lines.at(-1)}`);
      return url;
    },
    invoke: (name, event) =>
      handlerOf(name)(event as APIGatewayProxyEvent, lambdaContext(randomUUID(), Date.now() + timeoutMs)),
    renewLaunchKey() {
      secretsManager.putValue(launchKeyName, newLaunchKey());
    },
    async close() {
      for (const each of all) each.close();
      await Promise.all([
        gateway.close(),
        vendor.close(),
        secretsProxy.close(),
        secretsManager.close(),
        dynamoDb.close(),
        sqs.close(),
      ]);
    },
  };
}
