import {
  type LocalRequest,
  type LocalService,
  localApiKey,
  localSecretName,
  startLocalService,
} from './local-service.ts';

const defaultPort = 3000;

function readPort(text: string | undefined): number {
  const port = Number(text || defaultPort);
  if (Number.isInteger(port) && port >= 1 && port <= 65_533) return port;
  throw new Error(
    `PORT must be a whole number from 1 to 65533, for it and the two after it; it is "${text}"`,
  );
}

function printWelcome({ gateway, vendor, secretsManager }: LocalService): void {
  console.log(`The service, stage test, on this machine alone:

  Demo loan app      ${new URL(gateway.url).origin}/
  POST ${gateway.url}/sessions and /launch-links   with the header x-api-key: ${localApiKey}
  Begini simulator   ${vendor.origin}   how to make it fail: curl ${vendor.origin}/_control
  Secrets Manager    ${secretsManager.url}   secret: ${localSecretName}

Try it:

  curl -i ${gateway.url}/sessions -H 'x-api-key: ${localApiKey}' -H 'Content-Type: application/json' -d '{"uid":"ABCDE-12345"}'

Ctrl-C stops it. Requests:
`);
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
  const service = await startLocalService(readPort(process.env.PORT), printRequest);
  stopWithNpm(service);
  printWelcome(service);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
