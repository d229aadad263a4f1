import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type FunctionOptions, startRoutedFunctions } from '../../bin/local/start-function.ts';
import { simulatedCredentials, startBeginiSimulator } from '../../bin/stand-ins/begini/begini-simulator.ts';
import { type Certificate, makeCertificate } from '../../bin/stand-ins/certificate.ts';
import { clientConfig } from '../../bin/stand-ins/client-config.ts';
import { startDynamoDb } from '../../bin/stand-ins/dynamodb/dynamodb.ts';
import { startGateway } from '../../bin/stand-ins/gateway/gateway.ts';
import { lambdaContext } from '../../bin/stand-ins/gateway/gateway-event.ts';
import { declareRoutes } from '../../bin/stand-ins/gateway/gateway-routes.ts';
import { startSecretsManager } from '../../bin/stand-ins/secrets-manager/secrets-manager.ts';
import { startSqs } from '../../bin/stand-ins/sqs/sqs.ts';
import type { ApiHandler } from '../../functions/http/api-handler.ts';
import { type RoutedFunction, resultsPath } from '../../lib/api/routes.ts';
import { applicantPageOf } from '../../lib/stages/applicant-page.ts';
import { checkedFetch } from './checked-fetch.ts';
import { startForgetfulProxy } from './forgetful-proxy.ts';

/** The vendor's real origin of the assessment: answers must lead there, and nothing else in a test does. */
export const assessmentOrigin = 'https://app.psychometric.me';

export const secretName = 'credentials';
export const launchKeyName = 'launch-key';
export const uidRefKey = 'key-of-the-pseudonyms';

const newLaunchKey = () => randomBytes(32).toString('hex');

let certificate: Promise<Certificate> | undefined;

/** The service in this process, between a gateway, a vendor and an SQS with TLS, and a Secrets Manager. */
export type Service = Awaited<ReturnType<typeof startService>>;

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
} = {}) {
  certificate ??= makeCertificate();
  const tls = await certificate;
  const vendor = await startBeginiSimulator({ tls, hmac: hmac ? 'required' : 'optional' });
  const secretsManager = await startSecretsManager({
    secrets: { [secretName]: secret, [launchKeyName]: newLaunchKey() },
  });
  const dynamoDb = await startDynamoDb();
  const sqs = await startSqs({ tls });
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
    certificate: tls.cert,
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
    /** In front of Secrets Manager. */
    secretsProxy,
    dynamoDb,
    sqs,
    /** Every log line so far, as text. */
    lines,
    /** Does the same as each function at its start. */
    async warmUp() {
      await Promise.all(all.map((each) => each.warmUp()));
    },
    /** Advances the service's clock, for everything that it keeps in memory. */
    advance(ms: number) {
      clockOffsetMs += ms;
    },
    post: (body: unknown, headers?: Record<string, string>) => postTo('/sessions', body, headers),
    postLink: (body: unknown, headers?: Record<string, string>) => postTo('/launch-links', body, headers),
    /** `POST /webhooks/begini`: an event about this uid, signed with the key that Begini uses now. */
    postResult(uid: string) {
      const body = JSON.stringify({ uid, event: { type: 'psychometric_score.complete', details: {} } });
      const [apiKey = ''] = vendor.apiKeys;
      return postTo(resultsPath, body, {
        'X-Signature': createHmac('sha512', apiKey).update(body).digest('hex'),
      });
    },
    /** Makes a launch link, and returns its URL. */
    async makeLink(uid: string, expiresIn?: number, language?: string) {
      const response = await postTo('/launch-links', { uid, expires_in: expiresIn, language });
      const { url, code } = (await response.json()) as { url: string; code?: string };
      if (response.status !== 201)
        throw new Error(`No launch link, but ${response.status} ${code}: ${lines.at(-1)}`);
      return url;
    },
    /** Invokes a function without the gateway, with any event. */
    invoke: (name: RoutedFunction, event: unknown) =>
      handlerOf(name)(event as APIGatewayProxyEvent, lambdaContext(randomUUID(), Date.now() + timeoutMs)),
    /** Changes the value of the launch key, as its rotation does. */
    renewLaunchKey() {
      secretsManager.putValue(launchKeyName, newLaunchKey());
    },
    async close() {
      for (const each of all) each.close();
      await Promise.all(
        [gateway, vendor, secretsProxy, secretsManager, dynamoDb, sqs].map((server) => server.close()),
      );
    },
  };
}
