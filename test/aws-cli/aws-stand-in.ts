import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type LoopbackServer, readBody, startLoopbackServer } from '../../bin/stand-ins/loopback.ts';

/** A call of any service: `cloudformation:DescribeStacks`, or `lambda:GET /2015-03-31/functions/a/aliases/live`. */
export type AwsCall = { name: string; input: Readonly<Record<string, unknown>> };

/** What the stand-in answers a call with: JSON, or XML for services that speak it. */
export type Answer = object | string | { statusCode: number; body: string };

/** Every service of AWS, which records what is called, and answers as little as the AWS CLI accepts. */
export interface AwsStandIn extends Pick<LoopbackServer, 'origin' | 'close'> {
  readonly calls: AwsCall[];
  /** Answers calls of that name, from now on. */
  answer(name: string, give: (input: AwsCall['input']) => Answer): void;
  /** Forgets calls and answers. */
  reset(): void;
}

/** Starts the stand-in on a free port of 127.0.0.1. */
export async function startAwsStandIn(): Promise<AwsStandIn> {
  const calls: AwsCall[] = [];
  const answers = new Map<string, (input: AwsCall['input']) => Answer>();
  const { origin, close } = await startLoopbackServer({
    async listener(request, response) {
      const body = String(await readBody(request, 1_000_000));
      const [, service = ''] =
        /\/([a-z0-9-]+)\/aws4_request/.exec(String(request.headers.authorization)) ?? [];
      const target = String(request.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1);
      const form = new URLSearchParams(body);
      const operation = target || form.get('Action') || `${request.method} ${request.url}`;
      const call: AwsCall = {
        name: `${service}:${operation}`,
        input: body.startsWith('{') ? JSON.parse(body) : Object.fromEntries(form),
      };
      calls.push(call);
      const isXml = !target && form.has('Action');
      const answer = answers.get(call.name)?.(call.input) ?? (isXml ? '' : {});
      if (typeof answer === 'object' && 'statusCode' in answer) {
        response.writeHead(Number(answer.statusCode)).end(answer.body);
      } else if (typeof answer === 'string') {
        response.end(
          `<${operation}Response><${operation}Result>${answer}</${operation}Result></${operation}Response>`,
        );
      } else {
        response.end(JSON.stringify(answer));
      }
    },
  });
  return {
    origin,
    calls,
    answer: (name, give) => void answers.set(name, give),
    reset() {
      calls.length = 0;
      answers.clear();
    },
    close,
  };
}

/** What is in the folder where a script runs, by name: JSON. */
export type Files = Record<string, object>;

/** Named by the deployer's guide. */
const documentedFiles = { 'pair.json': { apiKey: 'example', integrationId: 'example' }, 'trust.json': {} };

/** Where each service is; `aws` is all others. */
export type Endpoints = { aws?: string; secretsmanager?: string; dynamodb?: string; sqs?: string };

const root = join(import.meta.dirname, '../..');
const cdk = join(root, 'node_modules/aws-cdk/bin/cdk');
const prelude = `set -euo pipefail
npm() { :; }; git() { :; }; less() { cat; }
npx() { [ ! -e cdk.json ] || node "$OWN_CDK" "\${@:2}"; }
aws() { local own="ENDPOINT_$1"; command aws --endpoint-url "\${!own:-$ENDPOINT_aws}" "$@"; }
`;

/** How a script ended, and what it has printed. */
export type ScriptResult = { exitCode: number; stdout: string; stderr: string };

/**
 * Runs a script of a document in bash, word for word, with the AWS CLI of this machine. `npm` and `git` do nothing, and
 * `less` prints. `npx cdk` is the CDK CLI if there is a `cdk.json`, and does nothing otherwise.
 * @param endpoints where AWS is, or one service of it: version 1 of the AWS CLI ignores `AWS_ENDPOINT_URL` for SQS
 */
export async function runScript(
  script: string,
  endpoints: Endpoints,
  files: Files = {},
): Promise<ScriptResult> {
  const folder = mkdtempSync(join(tmpdir(), 'begini-session-aws-cli-'));
  try {
    for (const [name, content] of Object.entries({ ...documentedFiles, ...files })) {
      writeFileSync(join(folder, name), JSON.stringify(content));
    }
    symlinkSync(join(root, '.github'), join(folder, '.github'));
    const environment = {
      ...Object.fromEntries(Object.entries(endpoints).map(([service, url]) => [`ENDPOINT_${service}`, url])),
      AWS_ENDPOINT_URL: endpoints.aws ?? '',
      // No name that begins with CDK: the CDK CLI would take it for an option.
      OWN_CDK: cdk,
    };
    return await run('bash', ['-c', prelude + script], { cwd: folder, environment });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a program with credentials that mean nothing, and no settings of this machine. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, environment }: { cwd: string; environment: Record<string, string> },
): Promise<ScriptResult> {
  const child = spawn(program, args, {
    cwd,
    env: {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: cwd,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      // Version 1 of the AWS CLI reads the second only.
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_PAGER: '',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CI: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [exitCode] = await once(child, 'close');
  return { exitCode, stdout, stderr };
}
