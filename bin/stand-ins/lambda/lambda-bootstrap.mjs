/**
 * Runs one Lambda function the way Lambda's own bootstrap does: loads `_HANDLER` from `LAMBDA_TASK_ROOT`, then fetches
 * invocations from the Runtime API and posts their results (AWS, "Using the Lambda runtime API", read November 2026).
 * The errors' texts follow Lambda's too.
 *
 * What it loads of Node counts as the function's. So it is JavaScript, as removing types takes Node a sixth of a second,
 * and it does not import node:http, which would load more than Lambda's bootstrap does.
 */
const http = process.getBuiltinModule('node:http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const environment = process.env;
const [host, port] = environment.AWS_LAMBDA_RUNTIME_API.split(':');

function call(method, path, body = '') {
  const options = { host, port, method, path: `/2018-06-01/runtime/${path}`, agent };
  return new Promise((resolve, reject) => {
    http
      .request(options, (response) => {
        let text = '';
        response
          .setEncoding('utf8')
          .on('data', (chunk) => {
            text += chunk;
          })
          .on('end', () => resolve({ response, text }));
      })
      .on('error', reject)
      .end(body);
  });
}

function describe(error) {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return JSON.stringify({ errorType: name, errorMessage: message, trace: stack?.split('\n') ?? [] });
}

async function loadHandler() {
  const [file, name] = environment._HANDLER.split('.');
  const module = await import(`${environment.LAMBDA_TASK_ROOT}/${file}.mjs`);
  return module[name];
}

async function run() {
  const handler = await loadHandler();
  for (;;) {
    const { response, text } = await call('GET', 'invocation/next');
    const id = response.headers['lambda-runtime-aws-request-id'];
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
