import { parseArgs } from 'node:util';
import { version } from '../functions/version.ts';
import { findStage } from './deployed/find-stage.ts';
import { refuseOptionsOfNpm } from './deployed/npm-options.ts';
import { type LocalRequest, type LocalService, startLocalService } from './local/local-service.ts';
import { type Delivery, readWebhookUrl } from './stand-ins/begini/begini-webhook.ts';
import { localApiKey, localSecretName, readPort } from './stand-ins/local-stage.ts';

function printWelcome(service: LocalService, resultsGo: string, pagesOf: string): void {
  const { gateway, vendor, secretsManager, dynamoDb, sqs } = service;
  const { how, preparation, parameters } = authenticationOf(service);
  // The command finds Secrets Manager by the same variable.
  const withPort = process.env.PORT ? `PORT=${readPort(process.env.PORT)} ` : '';
  console.log(`The service, version ${version}, stage test, on this machine only:

  Demo loan app      ${new URL(gateway.url).origin}/
  POST ${gateway.url}/sessions and /launch-links   ${how}
  The contract       ${new URL('/openapi.json', gateway.url)}   as OpenAPI 3.1
  Applicants' pages  of ${pagesOf}; npm run pages writes them all as files
  Begini simulator   ${vendor.origin}   how to make it fail: curl ${vendor.origin}/_control
  Results            ${resultsGo}
  Secrets Manager    ${secretsManager.url}   secret: ${localSecretName}
  DynamoDB           ${dynamoDb.origin}   table: ${dynamoDb.tableName}
  SQS                ${sqs.queueUrl('results')}

Try it:
${preparation}
  curl -i ${gateway.url}/sessions ${parameters} -H 'Content-Type: application/json' -d '{"uid":"ABCDE-12345"}'

Rehearse the renewal of the key (bin/README.md, "Renew the API key"):

  ${withPort}npm run rotate -- --stage test --local

Ctrl-C stops it; npm run start:log also prints the lines of the log. Requests:
`);
}

/** What a loan app adds to its calls: in words, for a shell before the call, and for curl. */
function authenticationOf({ credentials }: LocalService) {
  if (!credentials) {
    return {
      how: `with the header x-api-key: ${localApiKey} (signed by IAM: npm run start:iam)`,
      preparation: '',
      parameters: `-H 'x-api-key: ${localApiKey}'`,
    };
  }
  const { accessKeyId, secretAccessKey, sessionToken, region } = credentials;
  return {
    how: 'signed by IAM (SigV4) with these credentials, valid until this run ends',
    preparation: `
  export AWS_REGION=${region}
  export AWS_ACCESS_KEY_ID=${accessKeyId}
  export AWS_SECRET_ACCESS_KEY=${secretAccessKey}
  export AWS_SESSION_TOKEN=${sessionToken}
`,
    parameters: `--aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "x-amz-security-token: $AWS_SESSION_TOKEN"`,
  };
}

function printRequest({
  method,
  resourcePath,
  statusCode,
  outcome,
  durationMs,
  requestId,
}: LocalRequest): void {
  const time = new Date().toISOString().slice(11, 19);
  const route = `${method} ${resourcePath ?? '(no such route)'}`;
  console.log(`${time}  ${route}  ${statusCode} ${outcome ?? ''}  ${durationMs} ms  ${requestId}`);
}

/** As CloudWatch Logs has it; the line has its end. */
function printLine(line: string): void {
  process.stdout.write(line);
}

function printRotationStep(line: string): void {
  const { timestamp, step, code, outcome, durationMs } = JSON.parse(line) as Record<string, string>;
  console.log(`${timestamp?.slice(11, 19)}  rotation ${step}  ${code ?? outcome}  ${durationMs} ms`);
}

function printDelivery({ type, outcome }: Delivery): void {
  console.log(`${new Date().toISOString().slice(11, 19)}  webhook ${type}  ${outcome}`);
}

/** Stops the service on Ctrl-C, and when npm is ended: that ends npm's shell but says nothing to its child. */
function stopWithNpm(service: LocalService): void {
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && stop(), 200);
  const stop = () => {
    clearInterval(watch);
    void service.close();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
}

try {
  // The stage decides which pages applicants get: those of a row of cdk.json, or of a made-up lender.
  refuseOptionsOfNpm(['stage', 'auth', 'log', 'leave-results'], process.argv, process.env);
  const {
    stage,
    auth = 'api-key',
    log = false,
    'leave-results': leaveResults = false,
  } = parseArgs({
    options: {
      stage: { type: 'string' },
      auth: { type: 'string' },
      log: { type: 'boolean' },
      'leave-results': { type: 'boolean' },
    },
  }).values;
  if (auth !== 'api-key' && auth !== 'iam') throw new Error('--auth must be api-key (the default) or iam');
  const row = stage === undefined ? undefined : await findStage(stage);
  const webhookUrl = readWebhookUrl(process.env.WEBHOOK_URL);
  const service = await startLocalService(readPort(process.env.PORT), {
    callerAuth: auth,
    mostKept: 100,
    ...(row && { applicantPage: row.applicantPage }),
    onRequest: printRequest,
    ...(log && { onLogLine: printLine }),
    onRotationLine: log ? printLine : printRotationStep,
    leaveResults,
    webhook: { url: webhookUrl, onDelivery: printDelivery },
  });
  stopWithNpm(service);
  printWelcome(
    service,
    webhookUrl ??
      `to the service, and from the queue ${leaveResults ? 'to a consumer of yours' : 'to the demo loan app (npm start -- --leave-results leaves them to yours)'}`,
    row ? `the stage ${row.name} in cdk.json` : 'a made-up lender (npm start -- --stage <stage>)',
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
