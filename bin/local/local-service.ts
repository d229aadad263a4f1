import { randomBytes, randomUUID } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { ApplicantPage } from '../../functions/applicant-page/applicant-page.ts';
import { secretTries } from '../../functions/deadlines.ts';
import { resultsPath } from '../../lib/api/routes.ts';
import { withApiKey, withSignature } from '../doctor/authenticate.ts';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../stand-ins/begini/begini-simulator.ts';
import type { WebhookOptions } from '../stand-ins/begini/begini-webhook.ts';
import { clientConfig } from '../stand-ins/client-config.ts';
import { type LocalDynamoDb, startDynamoDb } from '../stand-ins/dynamodb/dynamodb.ts';
import { type AnsweredRequest, type Gateway, startGateway } from '../stand-ins/gateway/gateway.ts';
import { declareRoutes } from '../stand-ins/gateway/gateway-routes.ts';
import { createIamCredentials, type IamCredentials } from '../stand-ins/gateway/iam-credentials.ts';
import { localApiKey, localSecretName, localStage } from '../stand-ins/local-stage.ts';
import { type SecretsManager, startSecretsManager } from '../stand-ins/secrets-manager/secrets-manager.ts';
import { type Sqs, startSqs } from '../stand-ins/sqs/sqs.ts';
import { createDemoLoanApp } from './demo-loan-app.ts';
import { demoPage } from './demo-page.ts';
import { DemoResults } from './demo-results.ts';
import { serveContract } from './serve-contract.ts';
import { type FunctionOptions, startFunction, startRoutedFunctions } from './start-function.ts';

/** The name of the local stage's launch key. */
const launchKeyName = 'begini-session/test/launch-key';

/** The whole service on this machine, everything on 127.0.0.1. */
export type LocalService = {
  gateway: Gateway;
  vendor: BeginiSimulator;
  secretsManager: SecretsManager;
  dynamoDb: LocalDynamoDb;
  sqs: Sqs;
  /** The credentials that a loan app signs with; absent if it sends the API key. */
  credentials: IamCredentials | undefined;
  close(): Promise<void>;
};

/** An answered request, with the code or outcome of the function's log line, or the gateway's own type. */
export type LocalRequest = AnsweredRequest & { outcome: string | undefined };

/** What the service on this machine shows, and who is notified. */
export type LocalServiceOptions = {
  /** How a loan app authenticates: by the API key of the local stage, or by a signature with credentials made now. */
  callerAuth?: 'api-key' | 'iam';
  /** The pages of applicants; by default those of the made-up lender. */
  applicantPage?: ApplicantPage;
  onRequest?: (request: LocalRequest) => void;
  /** Receives the log lines of the functions that answer requests, as CloudWatch Logs would. */
  onLogLine?: (line: string) => void;
  /** Receives the log lines of the rotation function. */
  onRotationLine?: (line: string) => void;
  /** Whether results stay in the queue, for a consumer of yours; by default the demo loan app takes them. */
  leaveResults?: boolean;
  /** Where the simulator sends results, by default to the service, and when. */
  webhook?: { url?: string | undefined } & Omit<WebhookOptions, 'apiKeys'>;
  /** How many requests each stand-in keeps, the latest ones; by default all. */
  mostKept?: number;
};

/**
 * Starts the real handlers with stand-ins: the gateway on `port`, and on the next four ports the simulator, Secrets
 * Manager, DynamoDB and SQS (0: any free ports).
 *
 * @throws Error that names a port in use.
 */
export async function startLocalService(
  port: number,
  {
    callerAuth = 'api-key',
    applicantPage = demoPage,
    onRequest,
    onLogLine = () => undefined,
    onRotationLine = () => undefined,
    leaveResults = false,
    webhook,
    mostKept,
  }: LocalServiceOptions = {},
): Promise<LocalService> {
  const next = (offset: number) => (port === 0 ? 0 : port + offset);
  const running: { close(): unknown }[] = [];
  const close = async () => {
    await Promise.all(running.splice(0).map((server) => server.close()));
  };
  try {
    const vendor = await startBeginiSimulator({ port: next(1), webhook, mostKept });
    running.push(vendor);
    const secretsManager = await startSecretsManager({
      port: next(2),
      mostKept,
      secrets: {
        [localSecretName]: JSON.stringify(simulatedCredentials),
        [launchKeyName]: randomBytes(32).toString('hex'),
      },
    });
    running.push(secretsManager);
    const dynamoDb = await startDynamoDb({ port: next(3), mostKept });
    running.push(dynamoDb);
    const sqs = await startSqs({ port: next(4) });
    running.push(sqs);

    const outcomes = new Map<string, string>();
    const options: FunctionOptions = {
      settings: {
        stage: localStage.path,
        credentialsSecretArn: secretsManager.arnOf(localSecretName),
        hmac: true,
        uidRefKey: 'local',
        resume: { tableName: dynamoDb.tableName, sessionHours: 24 },
        origins: { api: vendor.origin, assessment: vendor.origin },
        launchKeySecretArn: secretsManager.arnOf(launchKeyName),
        launchBaseUrl: undefined,
        resultsQueueUrl: sqs.queueUrl('results'),
        setAsideQueueUrl: sqs.queueUrl('setAside'),
        ...localStage.results,
      },
      secretsManager: { ...clientConfig(secretsManager.url), maxAttempts: secretTries },
      dynamoDb: clientConfig(dynamoDb.origin),
      sqs: clientConfig(sqs.origin),
      applicantPage,
      protocol: 'http:',
      writeLine(line) {
        onLogLine(line);
        const { requestId, code, outcome } = JSON.parse(line) as Record<string, string>;
        outcomes.set(requestId ?? '', code ?? outcome ?? '');
      },
    };
    const started = startRoutedFunctions(options);
    const rotation = startFunction['rotate-credentials']({ ...options, writeLine: onRotationLine });
    running.push(...Object.values(started), rotation);
    await Promise.all(Object.values(started).map((each) => each.warmUp()));
    secretsManager.setRotation(localSecretName, (event) =>
      rotation.handler(event, { awsRequestId: randomUUID() }),
    );

    const demo = new DemoResults(new SQSClient(clientConfig(sqs.origin)), sqs.queueUrl('results'));
    running.push(demo);
    if (!leaveResults) void demo.consume();

    const credentials = callerAuth === 'iam' ? createIamCredentials('us-east-1') : undefined;
    const gateway = await startGateway({
      port,
      stageName: localStage.path,
      apiKey: localApiKey,
      ...(credentials && { credentials }),
      applicantPage,
      routes: declareRoutes((name) => started[name].handler, callerAuth),
      besides: {
        ...createDemoLoanApp({
          stageName: localStage.path,
          authenticate: credentials
            ? withSignature(credentials, credentials.region)
            : withApiKey(async () => localApiKey),
          vendor,
          languages: applicantPage.languages.map(({ language }) => language),
          results: webhook?.url ?? (leaveResults ? sqs.queueUrl('results') : demo.results),
        }),
        'GET /openapi.json': serveContract(localStage.path),
      },
      onRequest: (request) => {
        onRequest?.({
          ...request,
          outcome: outcomes.get(request.requestId) ?? request.errorResponseType,
        });
        outcomes.delete(request.requestId);
      },
    });
    running.push(gateway);
    vendor.setDeployment({
      webhookUrl: webhook?.url ?? `${gateway.url}${resultsPath}`,
      returnUrls: {
        finish: `${gateway.url}/return/complete`,
        'give-up': `${gateway.url}/return/cancelled`,
        expire: `${gateway.url}/return/expired`,
      },
    });
    return { gateway, vendor, secretsManager, dynamoDb, sqs, credentials, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The same on the first five free ports in a row, for commands that find Secrets Manager by the gateway's port. */
export async function startLocalServiceOnFreePorts(
  options?: LocalServiceOptions,
): Promise<{ service: LocalService; port: number }> {
  for (let port = 20_000 + (process.pid % 20_000); ; port += 5) {
    try {
      return { service: await startLocalService(port, options), port };
    } catch (error) {
      const { cause } = error as { cause?: { code?: string } };
      if (cause?.code !== 'EADDRINUSE') throw error;
    }
  }
}
