import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulatedCredentials, startBeginiSimulator } from '../stand-ins/begini/begini-simulator.ts';
import { makeCertificate } from '../stand-ins/certificate.ts';
import { proxyEvent } from '../stand-ins/gateway/proxy-event.ts';
import {
  type LambdaEnvironment,
  type LambdaEnvironmentOptions,
  startLambdaEnvironment,
} from '../stand-ins/lambda/lambda-environment.ts';
import { type LoopbackServer, readBody, startLoopbackServer } from '../stand-ins/loopback.ts';
import { startSecretsManager } from '../stand-ins/secrets-manager/secrets-manager.ts';
import { startSqs } from '../stand-ins/sqs/sqs.ts';
import { type DistantProxy, startDistantProxy } from './distant-proxy.ts';
import { resultBody, signedEvent } from './signed-event.ts';
import type { Client } from './start-load.ts';

/** How far the servers are away: the round trip in milliseconds. */
export type Distance = { vendorMs: number; awsMs: number };

/** What a function answers: a loan app's request for a session, or an event of Begini with a result. */
export type RequestKind = 'session' | 'result';

let events = 0;

/**
 * A client of one function: a loan app, or Begini with results. Each request is for another applicant, so none of them
 * has a session.
 */
export function clientOf(environment: LambdaEnvironment, kind: RequestKind = 'session'): Client {
  return () => {
    events += 1;
    const event =
      kind === 'session' ? proxyEvent({ uid: `LOAD-${events}` }) : signedEvent(resultBody(events));
    return environment.invoke(event) as ReturnType<Client>;
  };
}

/** How the servers are reached, and how every function is run. */
export type TestbedOptions = Pick<LambdaEnvironmentOptions, 'bootstrap' | 'nodeFlags'> & {
  /** None by default. */
  distance?: Distance;
};

/** A vendor, a Secrets Manager, an SQS and a DynamoDB, all with TLS on 127.0.0.1, and functions between them. */
export type Testbed = Awaited<ReturnType<typeof startTestbed>>;

/** How often the servers were called, in the order of the table that `npm run load` prints. */
export type Received = ReturnType<Testbed['received']>;

/** Starts the servers. */
export async function startTestbed({
  distance = { vendorMs: 0, awsMs: 0 },
  ...runtime
}: TestbedOptions = {}) {
  const certificate = await makeCertificate();
  const authorityFolder = mkdtempSync(join(tmpdir(), 'begini-session-authority-'));
  const authorityFile = join(authorityFolder, 'authority.pem');
  writeFileSync(authorityFile, certificate.cert);
  const vendor = await startBeginiSimulator({ tls: certificate });
  const secretsManager = await startSecretsManager({
    tls: certificate,
    secrets: { credentials: JSON.stringify(simulatedCredentials) },
  });
  const sqs = await startSqs({ tls: certificate });
  // Accepts every write at once, as the simulator does: dynalite takes longer to parse a condition than
  // everything else together.
  let tableCalls = 0;
  const dynamoDb = await startLoopbackServer({
    tls: certificate,
    listener: async (request, response) => {
      tableCalls += 1;
      await readBody(request, 1_000_000);
      response
        .writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0', 'Content-Length': 2 })
        .end('{}');
    },
  });
  const proxies: DistantProxy[] = [];
  async function reach(server: Pick<LoopbackServer, 'answerFor'>, origin: string, roundTripMs: number) {
    if (roundTripMs === 0) return origin;
    const proxy = await startDistantProxy(Number(new URL(origin).port), roundTripMs);
    proxies.push(proxy);
    server.answerFor(`127.0.0.1:${proxy.port}`);
    return `https://127.0.0.1:${proxy.port}`;
  }
  const vendorOrigin = await reach(vendor, vendor.origin, distance.vendorMs);
  const secretsManagerUrl = await reach(secretsManager, secretsManager.url, distance.awsMs);
  const sqsUrl = await reach(sqs, sqs.origin, distance.awsMs);
  const dynamoDbUrl = await reach(dynamoDb, dynamoDb.origin, distance.awsMs);
  return {
    vendor,
    secretsManager,
    sqs,
    distance,
    received: () => ({
      vendorCalls: vendor.requests.length,
      vendorConnections: vendor.connections,
      secretReads: secretsManager.requests.length,
      tableCalls,
      queueCalls: sqs.calls.length,
    }),
    /** Starts the function in `bundleFolder`; it `remembers` sessions if it has the table. */
    start: (bundleFolder: string, { remembers }: { remembers: boolean }) =>
      startLambdaEnvironment({
        bundleFolder,
        ...runtime,
        environment: {
          STAGE: 'test',
          CREDENTIALS_SECRET_ARN: secretsManager.arnOf('credentials'),
          HMAC: 'on',
          UID_REF_KEY: 'key-of-the-pseudonyms',
          BEGINI_LOCAL_ORIGINS: `${vendorOrigin},${vendorOrigin}`,
          AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManagerUrl,
          AWS_ENDPOINT_URL_DYNAMODB: dynamoDbUrl,
          AWS_ENDPOINT_URL_SQS: sqsUrl,
          RESULTS_QUEUE_URL: sqs.queueUrl('results').replace(sqs.origin, sqsUrl),
          RESULTS_SET_ASIDE_QUEUE_URL: sqs.queueUrl('setAside').replace(sqs.origin, sqsUrl),
          PREVIOUS_KEY_DAYS: '7',
          NODE_EXTRA_CA_CERTS: authorityFile,
          ...(remembers && { SESSION_TABLE: 'sessions', SESSION_HOURS: '24' }),
        },
      }),
    async close() {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await Promise.all([vendor, secretsManager, sqs, dynamoDb].map((server) => server.close()));
      rmSync(authorityFolder, { recursive: true });
    },
  };
}
