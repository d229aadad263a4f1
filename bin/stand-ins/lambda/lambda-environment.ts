import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

type Invocation = { id: string; event: unknown; resolve(result: unknown): void; reject(error: Error): void };

/** How an environment is started. */
export type LambdaEnvironmentOptions = {
  /** The folder that Lambda would unpack: it holds `index.mjs`. */
  bundleFolder: string;
  /** The function's environment variables; credentials and a region are added. */
  environment: Record<string, string>;
  /** The file that implements the Runtime API for the function. Default: the stand-in in this folder. */
  bootstrap?: string;
  /** Flags of Node. Default: none. */
  nodeFlags?: readonly string[];
  /** Lambda's time limit for one invocation, in ms. */
  timeoutMs?: number;
};

/** One execution environment of a Lambda function: a process that is started, invoked, frozen and thawed. */
export type LambdaEnvironment = {
  /** Milliseconds from the start of the process until it asked for its first invocation. */
  initMs: number;
  /** Thaws the environment, runs one invocation and freezes it again. @throws Error as the runtime reports it. */
  invoke(event: unknown): Promise<unknown>;
  /** Peak resident memory in KiB (`VmHWM`, Linux only). */
  peakMemoryKiB(): number;
  /** Ends the process. Resolves to all its output. */
  stop(): Promise<{ stdout: string; stderr: string }>;
};

const standInBootstrap = fileURLToPath(new URL('lambda-bootstrap.mjs', import.meta.url));

/**
 * Starts a function as Lambda does, with the Runtime API on 127.0.0.1, and waits for the end of its init phase.
 * Between two invocations the process is stopped, as Lambda freezes it.
 *
 * @throws Error with the function's own message if its init fails.
 */
export async function startLambdaEnvironment(options: LambdaEnvironmentOptions): Promise<LambdaEnvironment> {
  const {
    bundleFolder,
    environment,
    bootstrap = standInBootstrap,
    nodeFlags = [],
    timeoutMs = 14_000,
  } = options;
  const runtimeApi = await startRuntimeApi(timeoutMs);
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [...nodeFlags, bootstrap, ...(bootstrap === standInBootstrap ? [] : ['index.handler'])],
    {
      cwd: bundleFolder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        AWS_LAMBDA_RUNTIME_API: runtimeApi.address,
        AWS_LAMBDA_FUNCTION_NAME: 'function',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/function',
        AWS_LAMBDA_LOG_STREAM_NAME: '$LATEST',
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example',
        AWS_SESSION_TOKEN: 'example-session-token',
        LAMBDA_TASK_ROOT: bundleFolder,
        _HANDLER: 'index.handler',
        ...environment,
      },
    },
  );
  const output = collectOutput(child);
  const closed = once(child, 'close');
  const failed = closed.then(() => {
    throw new Error(`The function ended: ${runtimeApi.initError() ?? output.stderr}`);
  });
  failed.catch(() => undefined);

  const stop = async () => {
    child.kill('SIGKILL');
    await closed;
    await runtimeApi.close();
    return output;
  };
  try {
    await Promise.race([runtimeApi.ready, failed]);
  } catch (error) {
    await stop();
    throw error;
  }
  const initMs = performance.now() - startedAt;
  child.kill('SIGSTOP');

  return {
    initMs,
    async invoke(event) {
      child.kill('SIGCONT');
      try {
        return await Promise.race([runtimeApi.invoke(event), failed]);
      } finally {
        child.kill('SIGSTOP');
      }
    },
    peakMemoryKiB: () =>
      Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]),
    stop,
  };
}

function collectOutput(child: ChildProcess): { stdout: string; stderr: string } {
  const collected = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      collected[name] += chunk;
    });
  }
  return collected;
}

/** Lambda's side of the Runtime API, for one function. `ready` resolves when the function asks for work. */
async function startRuntimeApi(timeoutMs: number) {
  const queue: Invocation[] = [];
  let running: Invocation | undefined;
  let waiting: ServerResponse | undefined;
  let initError: string | undefined;
  const ready = Promise.withResolvers<void>();

  const dispatch = () => {
    if (waiting === undefined || queue.length === 0) return;
    running = queue.shift();
    waiting
      .writeHead(200, {
        'Content-Type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': running?.id,
        'Lambda-Runtime-Deadline-Ms': Date.now() + timeoutMs,
        'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:eu-west-1:111111111111:function:function',
      })
      .end(JSON.stringify(running?.event));
    waiting = undefined;
  };

  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) {
      waiting = response;
      ready.resolve();
      dispatch();
      return;
    }
    const body = await text(request);
    response.writeHead(202).end();
    if (path.endsWith('/init/error')) initError = body;
    else if (path.endsWith('/response')) running?.resolve(JSON.parse(body));
    else if (path.endsWith('/error')) running?.reject(new Error(body));
  });
  // The function's connection to this server must survive any freeze.
  server.keepAliveTimeout = 0;
  await once(server.listen(0, '127.0.0.1'), 'listening');

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ready: ready.promise,
    initError: () => initError,
    invoke(event: unknown): Promise<unknown> {
      return new Promise((resolve, reject) => {
        queue.push({ id: randomUUID(), event, resolve, reject });
        dispatch();
      });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
