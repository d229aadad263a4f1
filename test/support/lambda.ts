import { existsSync } from 'node:fs';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BeginiSimulator,
  simulatedCredentials,
  startBeginiSimulator,
} from '../../bin/stand-ins/begini/begini-simulator.ts';
import { type Certificate, makeCertificate } from '../../bin/stand-ins/certificate.ts';
import { type LocalDynamoDb, startDynamoDb } from '../../bin/stand-ins/dynamodb/dynamodb.ts';
import {
  type LambdaEnvironment,
  startLambdaEnvironment,
} from '../../bin/stand-ins/lambda/lambda-environment.ts';
import {
  type SecretsFailure,
  type SecretsManager,
  startSecretsManager,
} from '../../bin/stand-ins/secrets-manager/secrets-manager.ts';
import { bundleFunction, type FunctionName } from '../../lib/lambda/bundle.ts';
import { applicantPageOf } from '../../lib/stages/applicant-page.ts';
import { runFolderVariable } from './test-run.ts';

/** A bundled function between a vendor and a Secrets Manager, both with TLS, started as Lambda starts it. */
export type Lambda = {
  vendor: BeginiSimulator;
  secretsManager: SecretsManager;
  dynamoDb: LocalDynamoDb;
  environment: LambdaEnvironment;
  stop(): Promise<{ stdout: string; stderr: string }>;
};

let certificate: Promise<Certificate> | undefined;

/** The only certificate of a test file: everything in it trusts this certificate. */
export function certificateOnce(): Promise<Certificate> {
  certificate ??= makeCertificate();
  return certificate;
}

/** The folder of the function's bundle, which the first test file that asks for it builds. */
export async function bundleOnce(name: FunctionName): Promise<string> {
  const folder = join(String(process.env[runFolderVariable]), name);
  if (existsSync(folder)) return folder;
  const built = await bundleFunction(name, undefined, { APPLICANT_PAGE: applicantPageOf({}) });
  // Another worker may have been faster.
  await rename(built, folder).catch((error) => {
    if (!existsSync(folder)) throw error;
  });
  return folder;
}

/** Starts `functions/<name>` from its bundle; `variables` are added to its environment. */
export async function startLambda(
  name: FunctionName,
  {
    credentials = simulatedCredentials,
    variables = {} as Record<string, string>,
    timeoutMs = 14_000,
    /** Whether it remembers sessions. */
    resume = false,
    /** A function whose vendor, Secrets Manager and DynamoDB it shares. */
    beside = undefined as Lambda | undefined,
    /** How Secrets Manager behaves while the function starts. */
    secretsFailure = 'none' as SecretsFailure,
    /** Lets the function's timers end when they are due, for a test in which one ends a call. */
    isPunctual = false,
  } = {},
): Promise<Lambda> {
  const bundleFolder = await bundleOnce(name);
  const certificate = await certificateOnce();
  const authorityFile = join(await mkdtemp(join(tmpdir(), 'begini-session-authority-')), 'authority.pem');
  await writeFile(authorityFile, certificate.cert);
  const vendor = beside?.vendor ?? (await startBeginiSimulator({ tls: certificate, credentials }));
  const dynamoDb = beside?.dynamoDb ?? (await startDynamoDb({ tls: certificate }));
  const secretsManager =
    beside?.secretsManager ??
    (await startSecretsManager({
      tls: certificate,
      secrets: { credentials: JSON.stringify(credentials), 'launch-key': 'a1'.repeat(32) },
    }));
  secretsManager.fail(secretsFailure);
  const closeServers = async () => {
    if (!beside) await Promise.all([vendor.close(), secretsManager.close(), dynamoDb.close()]);
  };
  try {
    const environment = await startLambdaEnvironment({
      bundleFolder,
      timeoutMs,
      environment: {
        STAGE: 'test',
        CREDENTIALS_SECRET_ARN: secretsManager.arnOf('credentials'),
        LAUNCH_KEY_SECRET_ARN: secretsManager.arnOf('launch-key'),
        HMAC: 'on',
        UID_REF_KEY: 'key-of-the-pseudonyms',
        BEGINI_LOCAL_ORIGINS: `${vendor.origin},${vendor.origin}`,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
        ...(resume && { SESSION_TABLE: dynamoDb.tableName, SESSION_HOURS: '24' }),
        AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.origin,
        NODE_EXTRA_CA_CERTS: authorityFile,
        ...(!isPunctual && { NODE_OPTIONS: `--import=${new URL('slow-timers.mjs', import.meta.url)}` }),
        ...variables,
      },
    });
    const stop = async () => {
      const output = await environment.stop();
      await closeServers();
      return output;
    };
    return { vendor, secretsManager, dynamoDb, environment, stop };
  } catch (error) {
    await closeServers();
    throw error;
  }
}
