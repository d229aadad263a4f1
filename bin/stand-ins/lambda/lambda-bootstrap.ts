/**
 * Runs one Lambda function the way Lambda's own bootstrap does: loads `_HANDLER` from `LAMBDA_TASK_ROOT`, then fetches
 * invocations from the Runtime API and posts their results (AWS, "Using the Lambda runtime API", read November 2026).
 * The errors' texts follow Lambda's too.
 */
import type { IncomingMessage, RequestOptions } from 'node:http';

// An import of node:http would load more of Node than Lambda's bootstrap does, and count as the function's.
const http = process.getBuiltinModule('node:http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const environment = process.env as Record<'AWS_LAMBDA_RUNTIME_API' | 'LAMBDA_TASK_ROOT' | '_HANDLER', string>;
const [host, port] = environment.AWS_LAMBDA_RUNTIME_API.split(':') as [string, string];

function call(method: string, path: string, body = ''): Promise<{ response: IncomingMessage; text: string }> {
  const options: RequestOptions = { host, port, method, path: `/2018-06-01/runtime/${path}`, agent };
  return new Promise((resolve, reject) => {
    http
      .request(options, (response) => {
        let text = '';
        response
          .setEncoding('utf8')
          .on('data', (chunk: string) => {
            text += chunk;
          })
          .on('end', () => resolve({ response, text }));
      })
      .on('error', reject)
      .end(body);
  });
}

function describe(error: unknown): string {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return JSON.stringify({ errorType: name, errorMessage: message, trace: stack?.split('\n') ?? [] });
}

async function loadHandler(): Promise<(event: unknown, context: object) => Promise<unknown>> {
  const [file, name] = environment._HANDLER.split('.') as [string, string];
  const module = (await import(`${environment.LAMBDA_TASK_ROOT}/${file}.mjs`)) as Record<string, never>;
  return module[name] as never;
}

async function run(): Promise<void> {
  const handler = await loadHandler();
  for (;;) {
    const { response, text } = await call('GET', 'invocation/next');
    const id = response.headers['lambda-runtime-aws-request-id'] as string;
    const deadline = Number(response.headers['lambda-runtime-deadline-ms']);
    const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadline - Date.now() };
    try {
      const result = await handler(JSON.parse(text), context);
      await call('POST', `invocation/${id}/response`, JSON.stringify(result ?? null));
    } catch (error) {
      process.stderr.write(`Invoke Error ${describe(error)}\n`);
      await call('POST', `invocation/${id}/error`, describe(error));
    }
  }
}

run().catch(async (error) => {
  process.stderr.write(`Init Error ${describe(error)}\n`);
  await call('POST', 'init/error', describe(error));
  process.exit(1);
});
