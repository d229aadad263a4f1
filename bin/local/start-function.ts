import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient, type SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';
import type { SQSClientConfig } from '@aws-sdk/client-sqs';
import type { ApplicantPage } from '../../functions/applicant-page/applicant-page.ts';
import { createVendorClient } from '../../functions/begini/client.ts';
import { createLaunchLinkHandler } from '../../functions/create-launch-link/create-launch-link-handler.ts';
import type { LaunchLinkSettings } from '../../functions/create-launch-link/settings.ts';
import { createSessionHandler } from '../../functions/create-session/create-session-handler.ts';
import { CredentialsCache } from '../../functions/credentials/credentials-cache.ts';
import type { ApiHandler } from '../../functions/http/api-handler.ts';
import { KeepAliveAgent } from '../../functions/keep-alive-agent.ts';
import { createLaunchHandler } from '../../functions/launch/launch-handler.ts';
import type { LaunchSettings } from '../../functions/launch/settings.ts';
import { createLaunchKeys, warmUpLaunchKeys } from '../../functions/launch-links/launch-keys.ts';
import { createReceiveResultHandler } from '../../functions/receive-result/receive-result-handler.ts';
import { ResultKeys, resultSecretDefaults } from '../../functions/receive-result/result-keys.ts';
import { ResultQueues } from '../../functions/receive-result/result-queues.ts';
import type { ReceiveResultSettings } from '../../functions/receive-result/settings.ts';
import { rotationHandler } from '../../functions/rotate-credentials/rotation-handler.ts';
import { rotateLaunchKey } from '../../functions/rotate-launch-key/rotate-launch-key.ts';
import { secretsManagerDefaults } from '../../functions/secrets/client-defaults.ts';
import type { RotationHandler } from '../../functions/secrets/rotation-runner.ts';
import { secretVersions } from '../../functions/secrets/secret-versions.ts';
import { SessionService } from '../../functions/session/session-service.ts';
import { connectSessionTable } from '../../functions/session-store/connect.ts';
import { RememberedSessions } from '../../functions/session-store/remembered-sessions.ts';
import type { RoutedFunction } from '../../lib/api/routes.ts';
import type { FunctionName } from '../../lib/lambda/bundle.ts';

/** The settings of all functions, and what they reach by which client. */
export type FunctionOptions = {
  settings: LaunchSettings & LaunchLinkSettings & ReceiveResultSettings;
  /** What differs from Lambda's own clients. */
  secretsManager: SecretsManagerClientConfig;
  dynamoDb: DynamoDBClientConfig;
  sqs: SQSClientConfig;
  applicantPage: ApplicantPage;
  /** Receives the log lines. */
  writeLine: (line: string) => void;
  /** Trusted certificates in PEM, for a vendor or an Amazon SQS whose certificate is self-signed. */
  certificate?: string;
  /** The scheme of launch links, `https:` by default. */
  protocol?: 'https:' | 'http:';
  /** The clock of all that a function keeps in memory, in epoch milliseconds. */
  now?: () => number;
};

/** A function in this process, with its own memory. */
export type StartedFunction<Handler> = {
  handler: Handler;
  /** Does what the function does during init. */
  warmUp(): Promise<unknown>;
  close(): void;
};

/** Starts a function by its name, as its `handler.ts` does in Lambda. */
export const startFunction = {
  'create-session'(options): StartedFunction<ApiHandler> {
    const { sessions, vendor, close } = startSessions(options);
    const handler = createSessionHandler({ ...logOf(options), sessions });
    const warmUp = async () => {
      await vendor.startWarmUp();
      await sessions.warmUp();
    };
    return { handler, warmUp, close };
  },
  'create-launch-link'(options): StartedFunction<ApiHandler> {
    const client = secretsClient(options);
    const launchKeys = openLaunchKeys(client, options);
    const handler = createLaunchLinkHandler({ ...options, launchKeys });
    return { handler, warmUp: () => warmUpLaunchKeys(launchKeys), close: () => client.destroy() };
  },
  launch(options): StartedFunction<ApiHandler> {
    const { sessions, vendor, client, close } = startSessions(options);
    const launchKeys = openLaunchKeys(client, options);
    const handler = createLaunchHandler({ ...options, sessions, launchKeys });
    const warmUp = async () => {
      await vendor.startWarmUp();
      await Promise.all([warmUpLaunchKeys(launchKeys), sessions.warmUp()]);
    };
    return { handler, warmUp, close };
  },
  'receive-result'(options): StartedFunction<ApiHandler> {
    const { settings, now = Date.now, sqs, writeLine, certificate: ca } = options;
    const { maxAttempts } = resultSecretDefaults;
    const client = new SecretsManagerClient({
      ...resultSecretDefaults,
      ...options.secretsManager,
      maxAttempts,
    });
    const keys = new ResultKeys({ client, settings, now });
    const queues = ResultQueues.of(settings, sqs, new KeepAliveAgent(ca ? { ca } : {}));
    const handler = createReceiveResultHandler({ settings, keys, queues, writeLine, now });
    const warmUp = () => Promise.all([keys.warmUp(), queues.warmUp()]);
    const close = () => {
      queues.close();
      client.destroy();
    };
    return { handler, warmUp, close };
  },
  'rotate-credentials'(options): StartedFunction<RotationHandler> {
    const client = secretsClient(options);
    const { hmac, credentialsSecretArn } = options.settings;
    const vendor = connectVendor(options);
    const versions = secretVersions(client, credentialsSecretArn);
    const close = () => {
      vendor.close();
      client.destroy();
    };
    const handler = rotationHandler({ ...logOf(options), versions, vendor, hmac });
    return { handler, warmUp: async () => undefined, close };
  },
  'rotate-launch-key'(options): StartedFunction<RotationHandler> {
    const client = secretsClient(options);
    const versions = secretVersions(client, options.settings.launchKeySecretArn);
    const handler = rotateLaunchKey({ ...logOf(options), versions });
    return { handler, warmUp: async () => undefined, close: () => client.destroy() };
  },
} satisfies Record<FunctionName, (options: FunctionOptions) => unknown>;

/** Starts one of each function that answers requests, each with its own memory, as in Lambda. */
export const startRoutedFunctions = (
  options: FunctionOptions,
): Record<RoutedFunction, StartedFunction<ApiHandler>> => ({
  'create-session': startFunction['create-session'](options),
  'create-launch-link': startFunction['create-launch-link'](options),
  launch: startFunction.launch(options),
  'receive-result': startFunction['receive-result'](options),
});

const logOf = ({ settings: { stage }, writeLine }: FunctionOptions) => ({ stage, writeLine });

const secretsClient = ({ secretsManager }: FunctionOptions) =>
  new SecretsManagerClient({ ...secretsManagerDefaults, ...secretsManager });

const connectVendor = ({ settings: { origins }, certificate: ca }: FunctionOptions) =>
  createVendorClient({ origin: origins.api, ...(ca && { ca }) });

const openLaunchKeys = (client: SecretsManagerClient, { settings, now = Date.now }: FunctionOptions) =>
  createLaunchKeys({ client, secretArn: settings.launchKeySecretArn, now });

function startSessions(options: FunctionOptions) {
  const { settings, dynamoDb, now = Date.now } = options;
  const { resume, uidRefKey, credentialsSecretArn: secretArn } = settings;
  const client = secretsClient(options);
  const credentials = new CredentialsCache({ client, secretArn, now });
  const remembered =
    resume &&
    new RememberedSessions({
      table: connectSessionTable(resume.tableName, dynamoDb, now),
      credentials,
      uidRefKey,
      sessionHours: resume.sessionHours,
      now,
    });
  const vendor = connectVendor(options);
  const sessions = new SessionService({ settings, credentials, vendor, remembered });
  const close = () => {
    sessions.close();
    client.destroy();
  };
  return { sessions, vendor, client, close };
}
