import { randomBytes, randomUUID } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ApplicantPage } from '../../functions/applicant-page/applicant-page.ts';
import { createVendorClient } from '../../functions/begini/client.ts';
import { createLaunchLinkHandler } from '../../functions/create-launch-link/create-launch-link-handler.ts';
import { createSessionHandler } from '../../functions/create-session/create-session-handler.ts';
import { createLaunchHandler } from '../../functions/launch/launch-handler.ts';
import type { LaunchSettings } from '../../functions/launch/settings.ts';
import { createLaunchKeys } from '../../functions/launch-links/launch-keys.ts';
import { rotationHandler } from '../../functions/rotate-credentials/rotation-handler.ts';
import { secretsManagerDefaults } from '../../functions/secrets/client-defaults.ts';
import { secretVersions } from '../../functions/secrets/secret-versions.ts';
import { SessionService } from '../../functions/session/session-service.ts';
import { withApiKey, withSignature } from '../doctor/authenticate.ts';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../stand-ins/begini/begini-simulator.ts';
import type { WebhookOptions } from '../stand-ins/begini/begini-webhook.ts';
import { type LocalDynamoDb, startDynamoDb } from '../stand-ins/dynamodb/dynamodb.ts';
import { type AnsweredRequest, type Gateway, startGateway } from '../stand-ins/gateway/gateway.ts';
import { declareRoutes } from '../stand-ins/gateway/gateway-routes.ts';
import { createIamCredentials, type IamCredentials } from '../stand-ins/gateway/iam-credentials.ts';
import { localApiKey, localSecretName } from '../stand-ins/local-stage.ts';
import { type SecretsManager, startSecretsManager } from '../stand-ins/secrets-manager/secrets-manager.ts';
import { createDemoLoanApp } from './demo-loan-app.ts';
import { demoPage } from './demo-page.ts';
import { demoWebhookPath, returnPages } from './demo-results.ts';
import { serveContract } from './serve-contract.ts';

/** The name of the local stage's launch key. */
const launchKeyName = 'begini-session/test/launch-key';

/** The whole service on this machine, everything on 127.0.0.1. */
export type LocalService = {
  gateway: Gateway;
  vendor: BeginiSimulator;
  secretsManager: SecretsManager;
  dynamoDb: LocalDynamoDb;
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
  /** Receives the log lines of the rotation function. */
  onRotationLine?: (line: string) => void;
  /** Where the simulator sends results, by default to the demo loan app, and when. */
  webhook?: { url?: string | undefined } & Omit<WebhookOptions, 'apiKeys'>;
};

/**
 * Starts the real handlers with stand-ins: the gateway on `port`, and on the next three ports the simulator, Secrets
 * Manager and DynamoDB (0: any free ports).
 *
 * @throws Error that names a port in use.
 */
export async function startLocalService(
  port: number,
  {
    callerAuth = 'api-key',
    applicantPage = demoPage,
    onRequest,
    onRotationLine = () => undefined,
    webhook,
  }: LocalServiceOptions = {},
): Promise<LocalService> {
  const next = (offset: number) => (port === 0 ? 0 : port + offset);
  const running: { close(): unknown }[] = [];
  const close = async () => {
    await Promise.all(running.splice(0).map((server) => server.close()));
  };
  try {
    const vendor = await startBeginiSimulator({ port: next(1), webhook });
    running.push(vendor);
    const secretsManager = await startSecretsManager({
      port: next(2),
      secrets: {
        [localSecretName]: JSON.stringify(simulatedCredentials),
        [launchKeyName]: randomBytes(32).toString('hex'),
      },
    });
    running.push(secretsManager);
    const dynamoDb = await startDynamoDb({ port: next(3) });
    running.push(dynamoDb);

    const settings: LaunchSettings = {
      stage: 'test',
      credentialsSecretArn: secretsManager.arnOf(localSecretName),
      hmac: true,
      uidRefKey: 'local',
      resume: { tableName: dynamoDb.tableName, sessionHours: 24 },
      origins: { api: vendor.origin, assessment: vendor.origin },
      launchKeySecretArn: secretsManager.arnOf(launchKeyName),
    };
    const aws = {
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    };
    const client = new SecretsManagerClient({
      ...secretsManagerDefaults,
      ...aws,
      endpoint: secretsManager.url,
    });
    const sessions = SessionService.of(settings, client, { ...aws, endpoint: dynamoDb.origin });
    const rotationVendor = createVendorClient({ origin: vendor.origin });
    running.push(sessions, rotationVendor, { close: () => client.destroy() });
    await sessions.warmUp();

    const rotate = rotationHandler({
      stage: settings.stage,
      versions: secretVersions(client, settings.credentialsSecretArn),
      vendor: rotationVendor,
      hmac: settings.hmac,
      writeLine: onRotationLine,
    });
    secretsManager.setRotation(localSecretName, (event) => rotate(event, { awsRequestId: randomUUID() }));

    const outcomes = new Map<string, string>();
    const writeLine = (line: string) => {
      const { requestId, code, outcome } = JSON.parse(line) as Record<string, string>;
      outcomes.set(requestId ?? '', code ?? outcome ?? '');
    };
    const launchKeys = createLaunchKeys({ client, secretArn: settings.launchKeySecretArn });
    const credentials = callerAuth === 'iam' ? createIamCredentials(aws.region) : undefined;
    const gateway = await startGateway({
      port,
      stageName: settings.stage,
      apiKey: localApiKey,
      ...(credentials && { credentials }),
      applicantPage,
      routes: declareRoutes(
        {
          'create-session': createSessionHandler({ stage: settings.stage, sessions, writeLine }),
          'create-launch-link': createLaunchLinkHandler({
            settings: { ...settings, launchBaseUrl: undefined },
            launchKeys,
            writeLine,
            protocol: 'http:',
          }),
          launch: createLaunchHandler({ settings, applicantPage, sessions, launchKeys, writeLine }),
        },
        callerAuth,
      ),
      besides: {
        ...createDemoLoanApp({
          stageName: settings.stage,
          authenticate: credentials
            ? withSignature(credentials, credentials.region)
            : withApiKey(async () => localApiKey),
          vendor,
          webhookUrl: webhook?.url,
        }),
        'GET /openapi.json': serveContract(settings.stage),
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
    const atDemo = (path: string) => new URL(path, gateway.url).href;
    vendor.setDeployment({
      webhookUrl: webhook?.url ?? atDemo(demoWebhookPath),
      returnUrls: Object.fromEntries(
        Object.entries(returnPages).map(([ending, { path }]) => [ending, atDemo(path)]),
      ),
    });
    return { gateway, vendor, secretsManager, dynamoDb, credentials, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The same on the first four free ports in a row, for commands that find Secrets Manager by the gateway's port. */
export async function startLocalServiceOnFreePorts(
  options?: LocalServiceOptions,
): Promise<{ service: LocalService; port: number }> {
  for (let port = 20_000 + (process.pid % 20_000); ; port += 4) {
    try {
      return { service: await startLocalService(port, options), port };
    } catch (error) {
      const { cause } = error as { cause?: { code?: string } };
      if (cause?.code !== 'EADDRINUSE') throw error;
    }
  }
}
